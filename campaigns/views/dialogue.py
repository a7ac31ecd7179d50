"""Service dialogues: list, upload, deletion."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.dialogue import DialogueFilter, DialogueForm
from campaigns.selectors.dialogue import dialogue_files, dialogue_get_for, dialogues
from campaigns.services.dialogue import DialogueReport, DialogueRowsError, dialogue_delete, dialogue_delete_file
from campaigns.services.dialogue import dialogue_import as import_file
from campaigns.services.dialogue_file import problem_lines
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError
from copystudio.forms import add_errors
from copystudio.http import redirect, render
from copystudio.models import Role, Workspace

FORM = "campaigns/dialogue/form.html"
ROWS = "campaigns/dialogue/partials/rows.html"


@require_safe
@workspace_view(Role.VIEWER)
def dialogue_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    filters = DialogueFilter(request.GET, queryset=dialogues(workspace))
    page = Paginator(filters.qs, settings.PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "filter": filters, "files": dialogue_files(workspace)}
    return render(request, "campaigns/dialogue/list.html", context, fragment=ROWS)


@require_http_methods(["GET", "POST"])
@workspace_view(Role.ADMIN)
def dialogue_import(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    form = DialogueForm(request.POST or None, request.FILES or None)
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            report = import_file(actor=request.user, workspace=workspace, upload=form.cleaned_data["file"])
        except DialogueRowsError as error:
            form.add_error("file", _("Mend the lines below and upload the file again. Nothing was imported."))
            context |= {"problems": problem_lines(error.problems), "count": error.count}
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            messages.success(request, _sentence(report))
            return redirect(request, _list_url(workspace))
    return render(request, FORM, context, status=422 if form.errors else 200)


@require_POST
@workspace_view(Role.ADMIN)
def dialogue_delete_view(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    dialogue_delete(actor=request.user, dialogue=dialogue_get_for(workspace=workspace, pk=pk))
    messages.success(request, _("Deleted the dialogue."))
    return redirect(request, _list_url(workspace))


@require_POST
@workspace_view(Role.ADMIN)
def dialogue_delete_file_view(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    dialogue = dialogue_get_for(workspace=workspace, pk=pk)
    count = dialogue_delete_file(actor=request.user, dialogue=dialogue)
    text = ngettext("Deleted %(count)d dialogue of “%(file)s”.", "Deleted %(count)d dialogues of “%(file)s”.", count)
    messages.success(request, text % {"count": count, "file": dialogue.file_name})
    return redirect(request, _list_url(workspace))


def _list_url(workspace: Workspace) -> str:
    return reverse("campaigns:dialogue_list", args=[workspace.slug])


def _sentence(report: DialogueReport) -> str:
    added = ngettext("Imported %(count)d dialogue.", "Imported %(count)d dialogues.", report.added)
    text = added % {"count": report.added}
    if not report.duplicates:
        return text
    known = ngettext("%(count)d was known already.", "%(count)d were known already.", report.duplicates)
    return f"{text} {known % {'count': report.duplicates}}"
