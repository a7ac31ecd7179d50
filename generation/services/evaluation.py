"""Measuring a model version against the active one and its base, and people's blind votes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from copystudio.access import require
from copystudio.db import OPEN_STATUSES, JobStatus, locked
from copystudio.errors import InvalidInputError, TransitionError
from copystudio.models import Role, User
from copystudio.services.events import event_record
from copystudio.services.jobs import (
    JobCancelledError,
    LeaseLostError,
    job_claim,
    job_end,
    job_kept,
    job_progress,
    job_ring,
    job_still_mine,
)
from generation.engine.errors import EngineError, GenerationCancelledError, is_out_of_memory
from generation.engine.evaluation.gates import GateResult, all_passed
from generation.engine.evaluation.items import EvalItem
from generation.engine.evaluation.result import Evaluation as Measured
from generation.engine.evaluation.side_by_side import side_by_side
from generation.engine.evaluation.writer import Phase
from generation.engine.seeds import derive_seed
from generation.models import BlindVote, Evaluation, ModelVersion
from generation.selectors.votes import ballot_of
from generation.services.measuring import (
    ACTIVE,
    BASE,
    NEW,
    Questions,
    Subject,
    compared,
    difference_dict,
    gate_dict,
    judged,
    measure,
    questions_of,
)
from generation.services.run_folder import NO_ROOM, run_folder
from generation.services.snapshot import snapshot_read
from generation.services.training_data import Split, split, starter_examples, starter_reads
from generation.services.turn import Turn, compute_turn

if TYPE_CHECKING:
    from generation.engine.evaluation.writer import OnProgress

SIDE_BY_SIDE = 20
# of 100 steps of a subject's progress, in the order in which it is measured: where each phase begins, and its share
SHARES = {
    Phase.GENERATE: (0, 80),
    Phase.JUDGE: (80, 2),
    Phase.LOSS: (82, 8),
    Phase.PREFERENCES: (90, 5),
    Phase.FORGETTING: (95, 5),
}
log = logging.getLogger(__name__)


def evaluation_queue(*, version: ModelVersion, actor: User | None) -> Evaluation:
    """Queue the measuring of a version, inside the caller's transaction. The open one where there is one already."""
    existing = Evaluation.objects.filter(version=version, status__in=OPEN_STATUSES).first()
    if existing is not None:
        return existing
    active = ModelVersion.objects.filter(workspace_id=version.workspace_id, status=ModelVersion.Status.ACTIVE).first()
    evaluation = Evaluation.objects.create(
        workspace_id=version.workspace_id,
        created_by=actor,
        version=version,
        against=active if active is not None and active.pk != version.pk else None,
        seed=derive_seed("evaluation", version.workspace_id) % 2**32,
    )
    event_record(actor=actor, workspace=version.workspace, verb="evaluation.create", target=evaluation)
    job_ring(evaluation)
    return evaluation


def evaluation_start(*, actor: User, version: ModelVersion) -> Evaluation:
    """Measure a version, again if it was measured before."""
    with transaction.atomic():
        current = locked(ModelVersion, pk=version.pk)
        require(actor=actor, workspace=current.workspace, role=Role.ADMIN)
        if current.status == ModelVersion.Status.DELETED:
            raise TransitionError(_("The files of this version were deleted."))
        return evaluation_queue(version=current, actor=actor)


def evaluation_execute(*, evaluation_id: int) -> None:
    """Measure. Safe to call twice; what a killed worker had finished measuring is not measured again."""
    evaluation = job_claim(Evaluation, evaluation_id)
    if evaluation is None:
        return
    try:
        with job_kept(evaluation) as keeper, compute_turn() as turn:
            keeper.check()
            _measure(evaluation, turn, keeper.should_stop)
    except (JobCancelledError, GenerationCancelledError):
        _end(evaluation, JobStatus.CANCELLED)
    except LeaseLostError:
        log.warning("evaluation %s was taken over by another worker", evaluation.pk)
    except (OperationalError, InterfaceError):
        raise
    except EngineError as error:
        _end(evaluation, JobStatus.FAILED, "engine", str(error))
    except OSError as error:
        _end(evaluation, JobStatus.FAILED, "disk_full" if error.errno in NO_ROOM else "unexpected", str(error))
    except Exception as error:
        if is_out_of_memory(error):
            _end(evaluation, JobStatus.FAILED, "memory")
            return
        log.exception("evaluation %s failed", evaluation.pk)
        _end(evaluation, JobStatus.FAILED, "unexpected", f"{type(error).__name__}: {error}")


def _end(evaluation: Evaluation, status: JobStatus, code: str = "", detail: str = "") -> None:
    try:
        job_end(evaluation, status, code=code, params={"detail": detail[:500]} if detail else {})
    except LeaseLostError:
        log.warning("evaluation %s was taken over by another worker", evaluation.pk)


def _measure(evaluation: Evaluation, turn: Turn, should_stop: Callable[[], bool]) -> None:
    data = held_out_of(evaluation.version)
    questions = questions_of(data, most=settings.EVALUATION_ITEMS)
    subjects = _subjects(evaluation)
    results: dict[str, Any] = dict(evaluation.results)
    for number, subject in enumerate(subjects):
        if subject.name in results:
            continue
        evaluation.done = max(evaluation.done, number * 100)
        job_progress(evaluation, done=evaluation.done, total=len(subjects) * 100, step=subject.name)
        tell = _teller(evaluation, number * 100, turn, should_stop)
        results[subject.name] = measure(subject, questions, seed=evaluation.seed, on_progress=tell).to_dict()
        with transaction.atomic():
            job_still_mine(evaluation)
            Evaluation.objects.filter(pk=evaluation.pk).update(results=results, items=len(questions.items))
    gates = judged(
        {name: Measured.from_dict(found) for name, found in results.items()},
        learned_pairs=evaluation.version.learned_pairs,
    )
    _conclude(evaluation, questions, results, gates)


def _subjects(evaluation: Evaluation) -> list[Subject]:
    found = [_subject(NEW, evaluation.version)]
    if evaluation.against is not None:
        found.append(_subject(ACTIVE, evaluation.against))
    return [*found, Subject(BASE, evaluation.version.language_model.path)]


def _subject(name: str, version: ModelVersion) -> Subject:
    return Subject(name, version.language_model.path, version.prompt_template, version.adapter_path)


def _teller(evaluation: Evaluation, begin: int, turn: Turn, should_stop: Callable[[], bool]) -> OnProgress:
    """What hears how far a subject's measuring is, at every token. The row is written only when there is more to say: what
    is measured again after a killed worker says nothing until it is further than that one was."""

    def tell(phase: Phase, done: int, total: int) -> bool:
        before, share = SHARES[phase]
        reached = begin + min(99, before + share * done // max(1, total))
        if reached > evaluation.done:
            evaluation.done = reached
            job_progress(evaluation, done=reached)
        turn.step_aside()
        return should_stop()

    return tell


def _conclude(
    evaluation: Evaluation, questions: Questions, results: dict[str, Any], gates: Sequence[GateResult]
) -> None:
    measured = {name: Measured.from_dict(found) for name, found in results.items()}
    differences = {name: [difference_dict(one) for one in found] for name, found in compared(measured).items()}
    with transaction.atomic():
        job_still_mine(evaluation)
        Evaluation.objects.filter(pk=evaluation.pk).update(
            results={**results, "differences": differences, "gates": [gate_dict(one) for one in gates]},
            samples=_samples(evaluation, questions.items, measured),
            passed=all_passed(gates),
        )
        job_progress(evaluation, done=100, total=100)
        job_end(evaluation, JobStatus.SUCCEEDED)


def _samples(evaluation: Evaluation, items: Sequence[EvalItem], measured: dict[str, Measured]) -> list[dict[str, Any]]:
    """Texts of the new version and of the one it would replace, each pair in an order that does not tell whose is whose.

    The order is drawn by the evaluation's own key. The seed of the texts is the workspace's: by it the new version would stand
    on the same side for the same brief in every evaluation, and who has seen one would know the next.
    """
    seed = derive_seed("side by side", evaluation.pk)
    pair = {NEW: measured[NEW].texts, "other": measured.get(ACTIVE, measured[BASE]).texts}
    return [
        {"brief": item.judged_by.to_dict(), "texts": [{"of": name, "text": text} for name, text in texts.items()]}
        for item, texts in side_by_side(items, pair, SIDE_BY_SIDE, seed=seed)
    ]


def held_out_of(version: ModelVersion) -> Split:
    """What the version was not trained on: of its own snapshot, else of the starter corpus and of what readers found of the
    starter's drafts."""
    run = getattr(version, "training_run", None)
    folder = run_folder(run) / "snapshot" if run is not None else None
    if folder is not None and folder.is_dir():
        return snapshot_read(folder).split
    return split(starter_examples(), starter_reads())


def vote_cast(*, actor: User, evaluation: Evaluation, position: int, choice: str) -> BlindVote:
    """Which of two texts is better, by somebody who does not know whose they are. ``choice`` is "first", "second" or
    "same"; voting again changes the vote, until the last pair has one: then the person sees whose texts they were."""
    with transaction.atomic():
        current = locked(Evaluation, pk=evaluation.pk)
        require(actor=actor, workspace=current.workspace, role=Role.COPYWRITER)
        if current.status != JobStatus.SUCCEEDED:
            raise TransitionError(_("This evaluation is not finished."))
        if not 0 <= position < len(current.samples) or choice not in ("first", "second", "same"):
            raise InvalidInputError(_("There is no such text to vote on."))
        texts = current.samples[position]["texts"]
        whose = "same" if choice == "same" else texts[0 if choice == "first" else 1]["of"]
        ballot = ballot_of(current, actor)
        if ballot.is_done and ballot.voted[position] != whose:
            raise TransitionError(
                _("You have voted on every pair and may have seen the tally: your votes stay as they are.")
            )
        vote, _created = BlindVote.objects.update_or_create(
            workspace_id=current.workspace_id,
            evaluation=current,
            position=position,
            voter=actor,
            defaults={"choice": whose, "at": timezone.now()},
        )
        event_record(
            actor=actor, workspace=current.workspace, verb="evaluation.vote", target=current, data={"sample": position}
        )
        return vote
