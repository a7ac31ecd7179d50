"""The review queue: what waits for a verdict, with everything that is needed to give one, and the verdicts."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from campaigns.forms.review import ApproveForm, RequestChangesForm
from campaigns.forms.variant import ReviewFilter
from campaigns.models import Variant
from campaigns.selectors.cards import timeline_of, variant_card
from campaigns.selectors.diff import diff
from campaigns.selectors.variant import decidable_by, neighbours, review_queue, variant_actions, variant_get_for
from campaigns.services.review import variant_approve, variant_request_changes
from campaigns.services.variant import revision_of
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import InvalidInputError, StudioError
from copystudio.forms import add_errors
from copystudio.http import redirect, render
from copystudio.models import Role, Workspace

MOST_NEIGHBOURS = 2000


@require_safe
@workspace_view(Role.VIEWER)
def review_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    found = _filtered(request, workspace)
    page = Paginator(found.qs, settings.PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"filter": found, "page": page, "query": _query(request)}
    return render(request, "campaigns/review/list.html", context, fragment="campaigns/review/partials/table.html")


def _filtered(request: WorkspaceRequest, workspace: Workspace) -> ReviewFilter:
    rows = review_queue(workspace)
    if request.GET.get("mine") == "decidable":
        rows = decidable_by(rows, request.user)
    return ReviewFilter(request.GET, queryset=rows, request=request)


def _query(request: WorkspaceRequest) -> str:
    """The filters of the queue, to be carried from text to text; the page number stays behind."""
    query: QueryDict = request.GET.copy()
    query.pop("page", None)
    return f"?{query.urlencode()}" if query else ""


@require_safe
@workspace_view(Role.VIEWER)
def review_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    return _detail(request, workspace, variant_get_for(workspace=workspace, pk=pk))


def _detail(
    request: WorkspaceRequest,
    workspace: Workspace,
    variant: Variant,
    *,
    error: StudioError | None = None,
    approval: ApproveForm | None = None,
    changes: RequestChangesForm | None = None,
) -> HttpResponse:
    revision = revision_of(variant)
    queue = list(_filtered(request, workspace).qs.values_list("pk", flat=True)[:MOST_NEIGHBOURS])
    before, after = neighbours(queue, variant.pk)
    draft, served = variant.candidate, variant.approved_revision
    context = {
        "nav": "campaigns:review_queue",  # also where a verdict that was not stored is answered under the variant's URL
        "variant": variant,
        "revision": revision,
        "card": variant_card(variant, revision.text),
        "actions": variant_actions(actor=request.user, role=Role(request.membership.role), variant=variant),
        "is_approver": request.membership.covers(Role.APPROVER),
        "approve": approval or ApproveForm(initial=ApproveForm.initial_of(variant), auto_id="approve_%s"),
        "changes": changes or RequestChangesForm(initial=RequestChangesForm.initial_of(variant)),
        "draft": draft,
        "draft_segments": diff(draft.text, revision.text) if draft else None,
        "served": served,
        "served_segments": diff(served.text, revision.text) if served else None,
        "timeline": timeline_of(variant),
        "position": queue.index(variant.pk) + 1 if variant.pk in queue else None,
        "count": len(queue),
        "previous": before,
        "next": after,
        "query": _query(request),
        "error": error.message if error else None,
    }
    status = error.status if error else 422 if changes is not None or approval is not None else 200
    return render(request, "campaigns/review/detail.html", context, status=status)


@require_POST
@workspace_view(Role.APPROVER)
def approve(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Approve the very text that was on screen."""
    variant = variant_get_for(workspace=workspace, pk=pk)
    form = ApproveForm(request.POST, auto_id="approve_%s")
    following = _following(request, workspace, variant)
    try:
        if form.is_valid():
            variant_approve(actor=request.user, variant=variant, **form.cleaned_data)
        elif "reason" not in form.errors:
            raise InvalidInputError(_("The form does not say which text was read. Reload the page and read it again."))
    except InvalidInputError as error:
        if not error.fields:
            return _detail(request, workspace, variant, error=error)
        add_errors(form, error)
    except StudioError as error:
        return _detail(request, workspace, variant_get_for(workspace=workspace, pk=pk), error=error)
    if form.errors:
        return _detail(request, workspace, variant, approval=form)
    messages.success(request, _("Approved: “%(text)s”") % {"text": str(variant)})
    return redirect(request, following)


@require_POST
@workspace_view(Role.APPROVER)
def request_changes(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Send the text back with a reason."""
    variant = variant_get_for(workspace=workspace, pk=pk)
    form = RequestChangesForm(request.POST)
    if not form.is_valid():
        return _detail(request, workspace, variant, changes=form)
    following = _following(request, workspace, variant)
    try:
        variant_request_changes(actor=request.user, variant=variant, **form.cleaned_data)
    except InvalidInputError as error:
        add_errors(form, error)
        return _detail(request, workspace, variant, changes=form)
    except StudioError as error:
        return _detail(request, workspace, variant_get_for(workspace=workspace, pk=pk), error=error)
    messages.success(request, _("Sent back to the author with your reason."))
    return redirect(request, following)


def _following(request: WorkspaceRequest, workspace: Workspace, variant: Variant) -> str:
    """The next text in the queue as it is filtered, else the queue itself."""
    queue = list(_filtered(request, workspace).qs.values_list("pk", flat=True)[:MOST_NEIGHBOURS])
    _before, after = neighbours(queue, variant.pk)
    query = _query(request)
    if after is None:
        return reverse("campaigns:review_queue", args=[workspace.slug]) + query
    return reverse("campaigns:review_detail", args=[workspace.slug, after]) + query
