"""Evaluations: how far they are and what they found, cancelling one, and the blind votes."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from copystudio.access import WorkspaceRequest, workspace_view
from copystudio.db import JobStatus
from copystudio.errors import TransitionError
from copystudio.http import is_fragment, redirect, render, stop_polling
from copystudio.models import Role, Workspace
from copystudio.services.jobs import job_cancel
from generation.forms.registry import VoteForm
from generation.models import Evaluation
from generation.selectors.evaluation import (
    evaluation_get_for,
    evaluation_wait,
    figures_of,
    flag_rows,
    gate_rows,
    language_figures,
    segment_rows,
)
from generation.selectors.evaluation_words import STEPS, evaluation_error
from generation.selectors.votes import Ballot, ballot_of, may_vote, sample_at, samples_of, tally_of
from generation.services.evaluation import vote_cast

LIVE = "generation/evaluation/partials/live.html"


@require_safe
@workspace_view(Role.VIEWER)
def evaluation_detail(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """The page, and the fragment that it polls while the evaluation is open."""
    evaluation = evaluation_get_for(workspace=workspace, pk=pk)
    context = {
        "nav": "generation:model_list",
        "evaluation": evaluation,
        "wait": evaluation_wait(evaluation),
        "step": STEPS.get(evaluation.step, ""),
        "failure": evaluation_error(evaluation.error_code) if evaluation.status == JobStatus.FAILED else None,
        "failure_detail": evaluation.error_params.get("detail", ""),
        "is_admin": request.membership.covers(Role.ADMIN),
        "polled": is_fragment(request),
    }
    if evaluation.status == JobStatus.SUCCEEDED:
        context |= _found(request, evaluation)
    response = render(request, "generation/evaluation/detail.html", context, fragment=LIVE)
    return stop_polling(response) if is_fragment(request) and not evaluation.is_open else response


def _found(request: WorkspaceRequest, evaluation: Evaluation) -> dict[str, object]:
    """What a finished evaluation shows. Who may vote sees the tally, and whose texts they are, after the last vote."""
    votes = may_vote(evaluation, Role(request.membership.role))
    ballot = ballot_of(evaluation, request.user)
    is_told = bool(evaluation.samples) and (ballot.is_done or not votes)
    return {
        "figures": figures_of(evaluation),
        "gates": gate_rows(evaluation.results.get("gates", ())),
        "flags": flag_rows(evaluation),
        "segments": segment_rows(evaluation),
        "languages": language_figures(evaluation),
        "may_vote": votes,
        "ballot": ballot,
        "tally": tally_of(evaluation) if is_told else None,
        "samples": samples_of(evaluation, ballot) if is_told else [],
    }


@require_POST
@workspace_view(Role.ADMIN)
def evaluation_cancel(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    evaluation = evaluation_get_for(workspace=workspace, pk=pk)
    job_cancel(actor=request.user, job=evaluation, role=Role.ADMIN)
    messages.info(request, _("The evaluation is being cancelled."))
    return _to(request, evaluation)


@require_http_methods(["GET", "POST"])
@workspace_view(Role.COPYWRITER)
def evaluation_vote(request: WorkspaceRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """One pair of texts that the person has not judged yet; a vote leads to the next, the last one to the tally."""
    evaluation = evaluation_get_for(workspace=workspace, pk=pk)
    if not may_vote(evaluation, Role(request.membership.role)):
        if request.method == "POST":
            raise TransitionError(_("There are no texts to vote on."))
        messages.info(request, _("There are no texts to vote on yet; they are shown here once they are written."))
        return _to(request, evaluation)
    ballot = ballot_of(evaluation, request.user)
    if request.method == "POST":
        form = VoteForm(request.POST)
        if not form.is_valid():
            return _sample(request, evaluation, ballot, _number(request.POST.get("position")) - 1, form)
        vote_cast(actor=request.user, evaluation=evaluation, **form.cleaned_data)
        ballot = ballot_of(evaluation, request.user)
        if not ballot.is_done:
            return _next(request, evaluation, form.cleaned_data["position"])
    if ballot.is_done:
        messages.success(request, _("Thank you. You have voted on every pair: this is the tally."))
        return redirect(request, _url(evaluation) + "#votes")
    return _sample(request, evaluation, ballot, _number(request.GET.get("after")))


def _sample(
    request: WorkspaceRequest, evaluation: Evaluation, ballot: Ballot, after: int, form: VoteForm | None = None
) -> HttpResponse:
    position = ballot.after(after)
    context = {
        "nav": "generation:model_list",
        "evaluation": evaluation,
        "ballot": ballot,
        "sample": sample_at(evaluation, position or 0),
        "form": form or VoteForm(initial={"position": position}),
    }
    return render(request, "generation/evaluation/vote.html", context, status=422 if form else 200)


def _next(request: WorkspaceRequest, evaluation: Evaluation, position: int) -> HttpResponse:
    url = reverse("generation:evaluation_vote", args=[evaluation.workspace.slug, evaluation.pk])
    return redirect(request, f"{url}?after={position}")


def _number(text: str | None) -> int:
    """A position from the address; what is none stands before the first."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 6 else -1


def _url(evaluation: Evaluation) -> str:
    return reverse("generation:evaluation_detail", args=[evaluation.workspace.slug, evaluation.pk])


def _to(request: WorkspaceRequest, evaluation: Evaluation) -> HttpResponse:
    return redirect(request, _url(evaluation))
