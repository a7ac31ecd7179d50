"""Variants: list, detail with history, writing and editing, and the writer's steps."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.forms.variant import EditForm, MeasureForm, VariantFilter, WriteForm
from campaigns.models import Variant
from campaigns.rules import limits
from campaigns.selectors.cards import timeline_of, variant_card
from campaigns.selectors.diff import diff
from campaigns.selectors.results import variant_totals
from campaigns.selectors.sentences import engine_name, unit_name
from campaigns.selectors.variant import (
    last_request,
    revision_get_for,
    revisions,
    variant_actions,
    variant_get_for,
    variants,
)
from campaigns.services import review
from campaigns.services import variant as services
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.errors import ConflictError, InvalidInputError, StudioError
from copystudio.forms import add_errors
from copystudio.http import redirect, render
from copystudio.models import Role, Workspace

MAX_NUMBER = 2**31


@require_safe
@workspace_view(Role.VIEWER)
def variant_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    found = VariantFilter(request.GET, queryset=variants(workspace), request=request)
    page = Paginator(found.qs, settings.PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"filter": found, "page": page, "may_write": request.membership.covers(Role.COPYWRITER)}
    return render(request, "campaigns/variant/list.html", context, fragment="campaigns/variant/partials/table.html")


@require_safe
@workspace_view(Role.VIEWER)
def variant_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    variant = variant_get_for(workspace=workspace, pk=pk)
    return _detail(request, variant)


def _detail(request: WorkspaceRequest, variant: Variant, error: StudioError | None = None) -> HttpResponse:
    revision = services.revision_of(variant)
    history = list(revisions(variant))
    context = {
        "variant": variant,
        "revision": revision,
        "card": variant_card(variant, revision.text),
        "actions": variant_actions(actor=request.user, role=Role(request.membership.role), variant=variant),
        "revisions": history,
        "timeline": timeline_of(variant),
        "request_event": last_request(variant),
        "totals": variant_totals(variant),
        "placements": variant.placements.all(),
        "engine": engine_name(variant.candidate.engine) if variant.candidate else "",
        "error": error.message if error else None,
        **_comparison(variant, request),
    }
    return render(request, "campaigns/variant/detail.html", context, status=error.status if error else 200)


def _comparison(variant: Variant, request: WorkspaceRequest) -> dict[str, object]:
    """Two revisions of the variant and how they differ; by default what is served, or the one before, and the newest."""
    newest = services.revision_of(variant).number
    served = variant.approved_revision.number if variant.approved_revision else newest
    usual = served if served != newest else max(1, newest - 1)
    old = revision_get_for(variant=variant, number=_number(request.GET.get("from"), usual))
    new = revision_get_for(variant=variant, number=_number(request.GET.get("to"), newest))
    return {"old": old, "new": new, "segments": diff(old.text, new.text)}


def _number(value: str | None, default: int) -> int:
    if not value:
        return default
    if not value.isdecimal() or int(value[:12]) >= MAX_NUMBER:
        raise Http404
    return int(value)


@require_safe
@workspace_view(Role.VIEWER)
def variant_diff(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """The difference between the revisions ``?from=`` and ``?to=``."""
    variant = variant_get_for(workspace=workspace, pk=pk)
    context = {"variant": variant, "revisions": list(revisions(variant)), **_comparison(variant, request)}
    return render(request, "campaigns/variant/diff.html", context, fragment="campaigns/variant/partials/diff.html")


@require_http_methods(["GET", "POST"])
@workspace_view(Role.COPYWRITER)
def variant_create(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    """Write copy without a candidate."""
    initial = {
        "language": request.user.language,
        **{name: request.GET.get(name) for name in ("campaign", "channel", "sku")},
    }
    form = WriteForm(request.POST or None, workspace=workspace, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            variant = services.variant_write(
                actor=request.user,
                campaign=data["campaign"],
                text=data["text"],
                channel=data["channel"],
                language=data["language"],
                product=data["sku"],
                segment=data["segment"],
            )
        except InvalidInputError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Saved as a draft."))
            return redirect(request, _url(variant, workspace))
    return render(request, "campaigns/variant/write.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@workspace_view(Role.COPYWRITER)
def variant_measure(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    """The length of a text in its channel's unit, for the counter of a form in which the channel can change."""
    form = MeasureForm(request.POST, workspace=workspace)
    form.is_valid()
    channel, text = form.cleaned_data.get("channel"), form.cleaned_data.get("text") or ""
    context = {"channel": channel}
    if channel is not None:
        context |= {"length": limits.measure(text, limits.Unit(channel.unit)), "unit": unit_name(channel.unit)}
    return render(request, "campaigns/variant/partials/measure.html", context)


@require_http_methods(["GET", "POST"])
@workspace_view(Role.COPYWRITER)
def variant_edit(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """The editor. Where somebody saved in between, both texts are shown and nothing typed is lost."""
    variant = variant_get_for(workspace=workspace, pk=pk)
    revision = services.revision_of(variant)
    initial = {"text": revision.text, "base_revision": revision.number}
    form = EditForm(request.POST or None, initial=initial)
    theirs = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.variant_edit(actor=request.user, variant=variant, **data)
        except InvalidInputError as error:
            add_errors(form, error)
        except ConflictError as error:
            variant = variant_get_for(workspace=workspace, pk=pk)
            theirs = services.revision_of(variant)
            form = EditForm(initial={"text": data["text"], "base_revision": theirs.number})
            return _editor(request, variant, form, status=error.status, theirs=theirs, typed=data["text"])
        else:
            messages.success(request, _("The text is saved."))
            return redirect(request, _url(variant, workspace))
    return _editor(request, variant, form, status=422 if form.errors else 200)


def _editor(
    request: WorkspaceRequest, variant: Variant, form: EditForm, *, status: int, **more: object
) -> HttpResponse:
    revision = services.revision_of(variant)
    typed = more.get("typed")
    context = {
        "form": form,
        "variant": variant,
        "card": variant_card(variant, revision.text),
        "request_event": last_request(variant),
        "segments": diff(revision.text, typed) if isinstance(typed, str) else None,
        **more,
    }
    return render(request, "campaigns/variant/edit.html", context, status=status)


def _step(
    request: WorkspaceRequest, workspace: Workspace, pk: int, service: Callable[..., Variant], done: str
) -> HttpResponse:
    """One step without further input: do it, or show on the variant's page why it is not possible."""
    variant = variant_get_for(workspace=workspace, pk=pk)
    try:
        service(actor=request.user, variant=variant)
    except StudioError as error:
        return _detail(request, variant_get_for(workspace=workspace, pk=pk), error)
    messages.success(request, done)
    return redirect(request, _url(variant, workspace))


@require_POST
@workspace_view(Role.COPYWRITER)
def variant_submit(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    return _step(request, workspace, pk, review.variant_submit, _("Submitted for review."))


@require_POST
@workspace_view(Role.COPYWRITER)
def variant_withdraw(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    return _step(request, workspace, pk, review.variant_withdraw, _("Taken back out of review."))


@require_POST
@workspace_view(Role.COPYWRITER)
def variant_retire(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    return _step(request, workspace, pk, review.variant_retire, _("Retired: it is served no longer."))


@require_POST
@workspace_view(Role.COPYWRITER)
def variant_restore(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    return _step(request, workspace, pk, review.variant_restore, _("Back as a draft."))


def _url(variant: Variant, workspace: Workspace) -> str:
    return reverse("campaigns:variant_detail", args=[workspace.slug, variant.pk])
