"""Generation runs with what they are about, how far each is, what people do with one, and asking for others from a text."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from campaigns.forms.run import NumbersField, RunFilter
from campaigns.models.campaign import CampaignStatus
from campaigns.permissions import may_write
from campaigns.selectors.beside import texts_beside
from campaigns.selectors.cards import cards_of
from campaigns.selectors.run import LIVE, brand_that_chose, campaign_of, candidate_get_for, run_get_for, runs
from campaigns.selectors.run import run_live as live_candidates
from campaigns.selectors.run_progress import ItemCounts, duration_text, failed_block, item_counts, run_progress
from campaigns.selectors.sentences import drop_reason, engine_note, run_error, server_trouble
from campaigns.services.adopt import candidates_adopt
from campaigns.services.tweak import candidate_tweak as tweak_candidate
from campaigns.services.tweak import tweak_label
from campaigns.services.variant import variant_adopt
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.db import JobStatus
from copystudio.errors import InvalidInputError, TransitionError
from copystudio.http import is_fragment, redirect, refresh, render, stop_polling
from copystudio.models import Role, Workspace
from generation.models import Candidate, GenerationBlock, GenerationRun
from generation.services import run_control


@require_safe
@workspace_view(Role.VIEWER)
def run_list(request: WorkspaceRequest, workspace: Workspace) -> HttpResponse:
    found = RunFilter(request.GET, queryset=runs(workspace), request=request)
    page = Paginator(found.qs, settings.PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"filter": found, "page": page}
    return render(request, "campaigns/run/list.html", context, fragment="campaigns/run/partials/table.html")


@require_safe
@workspace_view(Role.VIEWER)
def run_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """The page, and the fragment that it polls while the run is open."""
    run = run_get_for(workspace=workspace, pk=pk)
    brief_run, progress, counts = getattr(run, "brief_run", None), run_progress(run), item_counts(run)
    failed = _failed(run, counts)
    context = {
        "run": run,
        "brief": brief_run.brief if brief_run else None,
        "brand": brand_that_chose(run),
        "progress": progress,
        "worked": duration_text(timedelta(seconds=run.seconds)) if run.seconds else "",
        "counts": counts,
        "dropped": [(drop_reason(code), count) for code, count in progress.dropped],
        "failure": run_error(failed.error_code) if failed else None,
        "trouble": server_trouble(progress.away.code) if progress.away else "",
        "engine_note": engine_note(run.engine.get("note", "")),
        "failure_detail": failed.error_params.get("detail", "") if failed else "",
        "may_write": may_write(member=request.membership, campaign=campaign_of(run)),
        "may_stop": request.membership.covers(Role.COPYWRITER),
        "polled": is_fragment(request),
        "tweak": tweak_label(run.tweak),
        **({} if is_fragment(request) else _live(run, after=0, shown=0)),
    }
    response = render(request, "campaigns/run/detail.html", context, fragment="campaigns/run/partials/progress.html")
    return stop_polling(response) if is_fragment(request) and not run.is_open else response


def _failed(run: GenerationRun, counts: ItemCounts) -> GenerationRun | GenerationBlock | None:
    """What failed: the run, or a part of one that has texts of others."""
    if run.status == JobStatus.FAILED:
        return run
    return failed_block(run) if run.status == JobStatus.SUCCEEDED and counts.unfinished else None


@require_safe
@workspace_view(Role.VIEWER)
def run_live(request: WorkspaceRequest, workspace: Workspace, pk: int, after: int) -> HttpResponse:
    """The candidates that came since the one numbered ``after``, and the element that asks again.

    ``?shown=`` is how many the list has by then; it ends at LIVE.
    """
    run = run_get_for(workspace=workspace, pk=pk)
    shown = request.GET.get("shown", "")
    count = min(LIVE, int(shown)) if shown.isdecimal() and len(shown) < 5 else 0
    context = {
        "run": run,
        "may_write": may_write(member=request.membership, campaign=campaign_of(run)),
        **_live(run, after=after, shown=count),
    }
    return render(request, "campaigns/run/partials/live.html", context)


def _live(run: GenerationRun, *, after: int, shown: int) -> dict[str, object]:
    """The next candidates of the live list; behind the last one the pages of all candidates take over."""
    found = live_candidates(run, after=after, room=LIVE - shown)
    shown += len(found)
    return {
        "cards": cards_of(run.workspace, found),
        "last": found[-1].pk if found else after,
        "shown": shown,
        "more": run.done > shown,
        "is_live": run.is_open and shown < LIVE,
    }


@require_POST
@workspace_view(Role.COPYWRITER)
def run_cancel(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    run = run_get_for(workspace=workspace, pk=pk)
    run_control.run_cancel(actor=request.user, run=run)
    messages.info(request, _("The run is being cancelled. Texts that came so far stay."))
    return redirect(request, reverse("campaigns:run_detail", args=[workspace.slug, run.pk]))


@require_POST
@workspace_view(Role.COPYWRITER)
def run_pause(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    run = run_get_for(workspace=workspace, pk=pk)
    run_control.run_pause(actor=request.user, run=run)
    messages.info(request, _("The run is paused. Texts that came so far stay."))
    return redirect(request, reverse("campaigns:run_detail", args=[workspace.slug, run.pk]))


@require_POST
@workspace_view(Role.COPYWRITER)
def run_resume(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    run = _writable(run_get_for(workspace=workspace, pk=pk))
    run_control.run_resume(actor=request.user, run=run)
    messages.success(request, _("The run goes on."))
    return redirect(request, reverse("campaigns:run_detail", args=[workspace.slug, run.pk]))


@require_POST
@workspace_view(Role.COPYWRITER)
def run_retry(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Write what is missing again: of the items whose numbers are sent as ``item``, or with ``all`` of every one."""
    run = _writable(run_get_for(workspace=workspace, pk=pk))
    items = None if request.POST.get("all") else _numbers(request.POST.getlist("item"))
    if items is not None and not items:
        messages.warning(request, _("Tick the items first that are to be tried again."))
        return redirect(request, reverse("campaigns:run_items", args=[workspace.slug, run.pk]))
    run_control.run_retry(actor=request.user, run=run, items=items)
    messages.success(request, _("What is missing is being written again. Texts that came so far stay."))
    return redirect(request, reverse("campaigns:run_detail", args=[workspace.slug, run.pk]))


def _writable(run: GenerationRun) -> GenerationRun:
    """The run, unless its campaign takes no more copy."""
    campaign = campaign_of(run)
    if campaign is not None and campaign.status == CampaignStatus.FINISHED:
        raise TransitionError(_("The campaign is finished."))
    return run


def _numbers(sent: list[str]) -> list[int]:
    try:
        return list(NumbersField(required=False).clean(sent))
    except ValidationError as error:
        raise InvalidInputError(error.messages[0]) from None


@require_POST
@workspace_view(Role.COPYWRITER)
def candidate_adopt(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Make a variant of a candidate, with ``beside`` also of the texts that it is read with; the fragment is what stands in
    the button's place then."""
    candidate = candidate_get_for(workspace=workspace, pk=pk)
    if request.POST.get("beside"):
        return _adopt_beside(request, workspace, candidate)
    variant = variant_adopt(actor=request.user, candidate=candidate)
    if is_fragment(request):
        return render(request, "campaigns/run/partials/adopted.html", {"candidate": candidate, "variant": variant})
    messages.success(request, _("Adopted as a draft."))
    return redirect(request, reverse("campaigns:variant_detail", args=[workspace.slug, variant.pk]))


def _adopt_beside(request: WorkspaceRequest, workspace: Workspace, candidate: Candidate) -> HttpResponse:
    run = candidate.item.run
    together = [candidate.pk, *(one.pk for one in texts_beside(workspace, [candidate]).get(candidate.pk, ()))]
    done = candidates_adopt(actor=request.user, run=run, candidates=together)
    made = ngettext("%(n)d text adopted as a draft.", "%(n)d texts adopted as drafts.", done.made) % {"n": done.made}
    messages.success(request, made)
    return refresh(request, reverse("campaigns:run_candidates", args=[workspace.slug, run.pk]))


@require_POST
@workspace_view(Role.COPYWRITER)
def candidate_tweak(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Ask for other texts from a candidate; the fragment is their live list, which stands below its card."""
    candidate = candidate_get_for(workspace=workspace, pk=pk)
    wanted = request.POST.get("tweak", "")
    run, is_new = tweak_candidate(actor=request.user, candidate=candidate, tweak=wanted)
    if is_fragment(request):
        run = run_get_for(workspace=workspace, pk=run.pk)
        context = {
            "run": run,
            "tweak": tweak_label(wanted),
            "is_new": is_new,
            "may_write": True,
            **_live(run, after=0, shown=0),
        }
        return render(request, "campaigns/run/partials/tweaked.html", context)
    if not is_new:
        messages.info(request, _("This was asked for already; here it is."))
    return redirect(request, reverse("campaigns:run_detail", args=[workspace.slug, run.pk]))
