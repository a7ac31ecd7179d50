"""The product import in the browser: upload, columns, dry run, apply."""

from __future__ import annotations

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.product_import import MappingForm, UploadForm
from campaigns.models import ProductImport
from campaigns.selectors.product_import import errors_of, failure_of, import_get_for, imports, warnings_of
from campaigns.services.product_import import import_apply, import_check, import_upload
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError
from copystudio.forms import add_errors
from copystudio.http import redirect, refresh, render
from copystudio.models import Role, Workspace
from copystudio.services.jobs import job_cancel

PAGE = "campaigns/import/detail.html"
MOST_SHOWN = 100


@require_safe
@workspace_view(Role.VIEWER)
def import_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    page = Paginator(imports(workspace), settings.PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "campaigns/import/list.html", {"page": page})


@require_http_methods(["GET", "POST"])
@workspace_view(Role.COPYWRITER)
def import_create(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            job = import_upload(actor=request.user, workspace=workspace, upload=data["file"], language=data["language"])
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            return redirect(request, _url(workspace, job))
    return render(request, "campaigns/import/form.html", {"form": form}, status=422 if form.errors else 200)


def _url(workspace: Workspace, job: ProductImport) -> str:
    return reverse("campaigns:import_detail", args=[workspace.slug, job.pk])


def _context(job: ProductImport, form: MappingForm | None = None) -> dict[str, object]:
    context: dict[str, object] = {
        "job": job,
        "failure": failure_of(job),
        "errors": list(errors_of(job))[:MOST_SHOWN],
        "warnings": list(warnings_of(job))[:MOST_SHOWN],
        "late_columns": ", ".join(job.report.get("late_columns", [])),
    }
    if not job.is_open and job.stage != ProductImport.Stage.APPLIED:
        form = form or MappingForm(job)
        values = job.sample.get("values", {})
        context |= {"form": form, "rows": [(name, bound, values.get(name, [])) for name, bound in form.columns()]}
    return context


@require_safe
@workspace_view(Role.VIEWER)
def import_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    job = import_get_for(workspace=workspace, pk=pk)
    return render(request, PAGE, _context(job))


@require_safe
@workspace_view(Role.VIEWER)
def import_live(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """The progress line, asked for every second; when the work is done, the page loads itself anew."""
    job = import_get_for(workspace=workspace, pk=pk)
    response = render(request, "campaigns/import/partials/progress.html", {"job": job})
    return response if job.is_open else refresh(request, _url(workspace, job))


@require_POST
@workspace_view(Role.COPYWRITER)
def import_check_view(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    job = import_get_for(workspace=workspace, pk=pk)
    form = MappingForm(job, request.POST)
    if form.is_valid():
        try:
            import_check(actor=request.user, job=job, mapping=form.to_mapping())
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            return redirect(request, _url(workspace, job))
    return render(request, PAGE, _context(job, form), status=422)


@require_POST
@workspace_view(Role.COPYWRITER)
def import_apply_view(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    job = import_get_for(workspace=workspace, pk=pk)
    import_apply(actor=request.user, job=job)
    return redirect(request, _url(workspace, job))


@require_POST
@workspace_view(Role.COPYWRITER)
def import_cancel(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    job = import_get_for(workspace=workspace, pk=pk)
    job_cancel(actor=request.user, job=job)
    return redirect(request, _url(workspace, job))
