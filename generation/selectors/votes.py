"""The blind side-by-side: what a person is still to judge, and the tally of all votes once they have."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from copystudio.db import JobStatus
from copystudio.models import Role, User
from generation.engine.evaluation.metrics import MetricUnit
from generation.models import BlindVote, Evaluation
from generation.selectors.figures import quantity, wilson


@dataclass(frozen=True)
class Ballot:
    """A person's way through the samples: ``left`` have no vote of theirs yet."""

    total: int
    voted: dict[int, str]  # position: choice

    @property
    def left(self) -> list[int]:
        return [position for position in range(self.total) if position not in self.voted]

    @property
    def is_done(self) -> bool:
        return not self.left

    def after(self, position: int) -> int | None:
        """The next sample without a vote behind this position, from the start again at the end; None when all have one."""
        later = [one for one in self.left if one > position]
        return next(iter(later or self.left), None)


def may_vote(evaluation: Evaluation, role: Role) -> bool:
    return role.covers(Role.COPYWRITER) and evaluation.status == JobStatus.SUCCEEDED and bool(evaluation.samples)


def ballot_of(evaluation: Evaluation, voter: User) -> Ballot:
    votes = BlindVote.objects.filter(evaluation=evaluation, voter=voter).values_list("position", "choice")
    return Ballot(len(evaluation.samples), dict(votes))


@dataclass(frozen=True)
class Tally:
    """All votes: how many found which text better, and of how many people. ``share`` is that of the new version among
    votes for either, with its 95 % interval; empty without such votes."""

    new: int
    other: int
    same: int
    people: int
    share: str
    low: str
    high: str

    @property
    def total(self) -> int:
        return self.new + self.other + self.same


def tally_of(evaluation: Evaluation) -> Tally:
    """People's votes hang together, so with few people the truth is less certain than the interval says."""
    votes = list(BlindVote.objects.filter(evaluation=evaluation).values_list("choice", "voter_id"))
    counts = Counter(choice for choice, _voter in votes)
    new, other = counts[BlindVote.Choice.NEW], counts[BlindVote.Choice.OTHER]
    share = low = high = ""
    if new + other:
        bounds = wilson(new, new + other)
        share, low, high = (quantity(MetricUnit.SHARE, one) for one in (new / (new + other), *bounds))
    return Tally(new, other, counts[BlindVote.Choice.SAME], len({voter for _choice, voter in votes}), share, low, high)


@dataclass(frozen=True)
class SampleText:
    text: str
    is_new: bool


@dataclass(frozen=True)
class Sample:
    """Two texts for one brief. ``choice`` is the reader's own vote, empty without one."""

    position: int
    brief: dict[str, Any]
    texts: list[SampleText]
    choice: str = ""


def sample_at(evaluation: Evaluation, position: int, *, choice: str = "") -> Sample:
    found = evaluation.samples[position]
    texts = [SampleText(one["text"], one["of"] == BlindVote.Choice.NEW) for one in found["texts"]]
    return Sample(position, found["brief"], texts, choice)


def samples_of(evaluation: Evaluation, ballot: Ballot) -> list[Sample]:
    """All samples with whose they are, for people who have no vote left to be swayed in."""
    return [sample_at(evaluation, position, choice=ballot.voted.get(position, "")) for position in range(ballot.total)]
