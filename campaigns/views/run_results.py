"""What came of a run: its items, its texts as a list and side by side, and adopting many of them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.forms.run import AdoptForm, ResultsForm
from campaigns.permissions import may_write
from campaigns.selectors.cards import cards_of, with_messages
from campaigns.selectors.run import campaign_of, run_get_for
from campaigns.selectors.run_grid import column_names, grid_channel, grid_columns, grid_pages
from campaigns.selectors.run_progress import STATES, item_counts
from campaigns.selectors.run_results import (
    Wanted,
    first_texts,
    item_pages,
    part_get_for,
    result_pages,
    result_rows,
    run_scope,
)
from campaigns.selectors.sentences import drop_reason
from campaigns.services.adopt import MOST, Adopted, candidates_adopt
from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.http import redirect, render
from copystudio.models import Role, Workspace
from generation.models import GenerationItem, GenerationRun


@require_safe
@workspace_view(Role.VIEWER)
def run_items(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """The run's items with how many texts each has, and why it has fewer than were asked for."""
    run, state = run_get_for(workspace=workspace, pk=pk), request.GET.get("state", "")
    state = state if state in STATES else ""
    counts = item_counts(run)
    page = item_pages(run, state=state, counts=counts).get_page(request.GET.get("page"))
    context = {
        "run": run,
        "state": state,
        "counts": counts,
        "page": page,
        "rows": [(item, _why(item)) for item in page],
        "may_write": may_write(member=request.membership, campaign=campaign_of(run)),
    }
    return render(request, "campaigns/run/items.html", context, fragment="campaigns/run/partials/items.html")


def _why(item: GenerationItem) -> list[tuple[str, int]]:
    """Why texts of it were dropped, the most frequent reason first."""
    return [(drop_reason(code), count) for code, count in sorted(item.dropped.items(), key=lambda one: -one[1])]


def _lost(one: dict[str, Any], item: GenerationItem) -> dict[str, Any]:
    """A dropped text of the item, why, and what was found in it."""
    return {
        "text": one["text"],
        "language": item.payload.get("language", ""),
        "reason": drop_reason(one["reason"]),
        "findings": with_messages(one["findings"]),
    }


@require_safe
@workspace_view(Role.VIEWER)
def run_candidates(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """The texts of the run that the filter finds, or with ``?item=`` those of one product, segment and channel."""
    run = run_get_for(workspace=workspace, pk=pk)
    part, form = None, None
    if item := request.GET.get("item"):
        part = part_get_for(run=run, item=int(item) if item.isdecimal() and len(item) < 18 else 0)
        wanted = Wanted(item=part.item_id)
    else:
        form = ResultsForm(request.GET, scope=run_scope(run))
        wanted = form.wanted
    sort = request.GET.get("sort", "")
    page = result_pages(run, wanted, sort=sort).get_page(request.GET.get("page"))
    context = {
        "run": run,
        "item": part,
        "item_dropped": _why(part.item) if part else [],
        "item_lost": [_lost(one, part.item) for one in part.item.lost] if part else [],
        "form": form,
        "page": page,
        "cards": cards_of(workspace, page.object_list),
        "sort": sort,
        "may_write": may_write(member=request.membership, campaign=campaign_of(run)),
    }
    return render(request, "campaigns/run/candidates.html", context, fragment="campaigns/run/partials/candidates.html")


@require_safe
@workspace_view(Role.VIEWER)
def run_grid(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Products below each other, segments and channels beside each other, in each cell the best text."""
    run = run_get_for(workspace=workspace, pk=pk)
    scope = run_scope(run)
    channel = grid_channel(scope, request.GET.get("channel", ""))
    form = ResultsForm({**request.GET.dict(), "channel": channel, "show": ""}, scope=scope)
    del form.fields["show"]
    wanted = form.wanted
    columns = tuple(one for one in grid_columns(scope, channel) if wanted.segment in {"", _segment(one[0])})
    names = column_names(scope, columns, _("Everybody"))
    page = grid_pages(run, wanted, columns, names).get_page(request.GET.get("page"))
    context = {
        "run": run,
        "form": form,
        "names": names,
        "page": page,
        "may_write": may_write(member=request.membership, campaign=campaign_of(run)),
    }
    return render(request, "campaigns/run/grid.html", context, fragment="campaigns/run/partials/grid.html")


@require_safe
@workspace_view(Role.VIEWER)
def run_cell(request: WorkspaceRequest, workspace: Workspace, pk: int, item_pk: int) -> HttpResponse:
    """All texts of one cell of the grid, in its place."""
    run = run_get_for(workspace=workspace, pk=pk)
    part = part_get_for(run=run, item=item_pk)
    rows = result_pages(run, Wanted(item=part.item_id), sort="").get_page(1).object_list
    context = {
        "run": run,
        "cards": cards_of(workspace, rows),
        "may_write": may_write(member=request.membership, campaign=campaign_of(run)),
    }
    return render(request, "campaigns/run/partials/cell_texts.html", context)


@require_http_methods(["GET", "POST"])
@workspace_view(Role.COPYWRITER)
def run_adopt(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Ask with the number of texts, then adopt: those that are ticked, or the best one of each item that the filter finds."""
    run = run_get_for(workspace=workspace, pk=pk)
    scope = run_scope(run)
    if request.method == "POST":
        form = AdoptForm(request.POST, scope=scope)
        if form.is_valid():
            _tell(request, candidates_adopt(actor=request.user, run=run, candidates=_chosen(run, form)))
            return redirect(request, reverse("campaigns:run_candidates", args=[workspace.slug, run.pk]))
    else:
        form = AdoptForm(request.GET, scope=scope)
        if request.GET.get("ticked") and not request.GET.getlist("candidate"):
            messages.warning(request, _("Tick the texts first that are to be adopted."))
            return redirect(request, reverse("campaigns:run_candidates", args=[workspace.slug, run.pk]))
    if "candidate" in form.errors:
        raise Http404
    ticked = bool(form.cleaned_data["candidate"])
    number = _number(run, form)
    asked = AdoptForm(initial={**form.cleaned_data, "most": max(1, min(number, MOST))}, scope=scope)
    context = {"run": run, "form": asked, "ticked": ticked, "number": number, "most": min(number, MOST)}
    return render(request, "campaigns/run/adopt.html", context, status=422 if request.method == "POST" else 200)


def _chosen(run: GenerationRun, form: AdoptForm) -> list[int]:
    """Not more than the person was told: what came since is for the next time."""
    numbers = form.cleaned_data["candidate"] or first_texts(run, form.wanted)
    return list(numbers[: form.cleaned_data["most"]])


def _number(run: GenerationRun, form: AdoptForm) -> int:
    if numbers := form.cleaned_data["candidate"]:
        return result_rows(run, Wanted()).filter(pk__in=numbers, variants__isnull=True).count()
    return first_texts(run, form.wanted).count()


def _tell(request: WorkspaceRequest, done: Adopted) -> None:
    if done.made:
        made = ngettext("%(n)d text is a draft now.", "%(n)d texts are drafts now.", done.made)
        messages.success(request, made % {"n": done.made})
    if done.there:
        there = ngettext("%(n)d was adopted before.", "%(n)d were adopted before.", done.there)
        messages.info(request, there % {"n": done.there})
    if done.refused:
        refused = ngettext(
            "%(n)d does not fit its channel and was left out.",
            "%(n)d do not fit their channel and were left out.",
            done.refused,
        )
        messages.warning(request, refused % {"n": done.refused})


def _segment(number: int | None) -> str:
    return "everybody" if number is None else str(number)
