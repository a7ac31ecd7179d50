"""Whatever people do in whatever order: what is served is, byte for byte, what another person approved (G5).

A reference of a few lines goes along with the services and knows what must be served and which verdict must be refused.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections import Counter
from dataclasses import dataclass, field

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from campaigns.models import Variant, VariantStatus
from campaigns.services.delivery import NothingToServeError, Shelf, decide
from campaigns.services.placement import placement_assign
from campaigns.services.review import (
    variant_approve,
    variant_request_changes,
    variant_restore,
    variant_retire,
    variant_submit,
    variant_withdraw,
)
from campaigns.services.variant import revision_of, variant_edit, variant_write
from copystudio.errors import ConflictError, StudioError
from tests import factories
from tests.people import Cast

RUNS = int(os.environ.get("SERVED_RUNS", "300"))
STEPS = 30
PEOPLE = ("copywriter", "approver", "second_approver", "admin")
# composed and decomposed accents, line ends, spaces that are none, joined emoji, right-to-left, trailing blanks
TEXTS = st.sampled_from(
    [
        "Café",
        "Cafe\u0301",
        "dry\r\nfeet",
        "dry\nfeet",
        "dry\u00a0feet",
        "dry feet ",
        "👩\u200d🚀 go",
        "\u202bשלום\u202c",
        "轻便防雨",
    ]
)
WHO = st.sampled_from(PEOPLE)
WHICH = st.integers(0, 2)


@dataclass
class Known:
    """What the reference knows of one variant: who wrote since the approval that holds, who ever, and the approved bytes."""

    authors: set[str] = field(default_factory=set)
    ever: set[str] = field(default_factory=set)
    approved: bytes | None = None
    retired: bool = False


class ServedIsApproved(RuleBasedStateMachine):
    cast: Cast
    seen: Counter[str]

    @initialize()
    def begin(self) -> None:
        self.sandbox = transaction.atomic()
        self.sandbox.__enter__()
        self.ticks = itertools.count(step=10)
        self.shelf = Shelf(clock=lambda: float(next(self.ticks)))  # every look is a fresh comparison
        self.campaign = factories.make_campaign(self.cast, running=True)
        self.placement = factories.make_placement(self.cast)
        self.variants: list[Variant] = []
        self.known: list[Known] = []
        self.assigned: int | None = None
        for writer in ("copywriter", "approver", "admin"):
            self.variants.append(
                variant_write(
                    actor=getattr(self.cast, writer),
                    campaign=self.campaign,
                    text="Stay dry",
                    channel=factories.channel(self.cast),
                    language="en",
                )
            )
            self.known.append(Known(authors={writer}, ever={writer}))

    def teardown(self) -> None:
        if hasattr(self, "sandbox"):
            transaction.set_rollback(True)
            self.sandbox.__exit__(None, None, None)

    def now(self, which: int) -> Variant:
        return Variant.objects.select_related("current_revision").get(pk=self.variants[which].pk)

    @rule(which=WHICH, who=WHO, text=TEXTS)
    def edit(self, which: int, who: str, text: str) -> None:
        variant = self.now(which)
        before = revision_of(variant)
        try:
            changed = variant_edit(
                actor=getattr(self.cast, who), variant=variant, text=text, base_revision=before.number
            )
        except StudioError:
            assert self.known[which].retired
            return
        if revision_of(changed).sha256 != before.sha256:
            self.known[which].authors.add(who)
            self.known[which].ever.add(who)

    @rule(which=WHICH, who=WHO, verb=st.sampled_from([variant_submit, variant_withdraw]))
    def hand_in_or_take_back(self, which: int, who: str, verb: object) -> None:
        try:
            verb(actor=getattr(self.cast, who), variant=self.now(which))  # type: ignore[operator]
        except StudioError:
            return

    @rule(which=WHICH, who=WHO, stale=st.booleans())
    def approve(self, which: int, who: str, stale: bool) -> None:
        variant, known = self.now(which), self.known[which]
        text = revision_of(variant).text
        read = hashlib.sha256((text + "." if stale else text).encode()).hexdigest()
        allowed = (
            variant.status == VariantStatus.IN_REVIEW and who != "copywriter" and who not in known.authors and not stale
        )
        try:
            variant_approve(
                actor=getattr(self.cast, who), variant=variant, sha256=read, review_cycle=variant.review_cycle
            )
        except StudioError:
            assert not allowed
            self.seen["own text refused" if who in known.authors else "verdict refused"] += 1
            return
        assert allowed, f"{who} approved a text by {known.authors} (stale: {stale})"
        known.approved, known.authors = text.encode(), set()

    @rule(which=WHICH, who=WHO)
    def request_changes(self, which: int, who: str) -> None:
        variant = self.now(which)
        read = {"sha256": revision_of(variant).sha256, "review_cycle": variant.review_cycle}
        try:
            variant_request_changes(actor=getattr(self.cast, who), variant=variant, reason="Too vague.", **read)
        except StudioError:
            return

    @rule(which=WHICH, who=WHO)
    def retire(self, which: int, who: str) -> None:
        try:
            variant_retire(actor=getattr(self.cast, who), variant=self.now(which))
        except StudioError:
            return
        known = self.known[which]
        known.retired, known.approved, known.authors = True, None, set(known.ever)

    @rule(which=WHICH, who=WHO)
    def restore(self, which: int, who: str) -> None:
        try:
            variant_restore(actor=getattr(self.cast, who), variant=self.now(which))
        except StudioError:
            return
        self.known[which].retired = False

    @rule(which=WHICH)
    def publish(self, which: int) -> None:
        """What people mostly do: hand in, have it approved by somebody else, serve it."""
        variant = self.now(which)
        if variant.status in {VariantStatus.DRAFT, VariantStatus.CHANGES_REQUESTED}:
            variant_submit(actor=self.cast.admin, variant=variant)
        for who in PEOPLE:
            self.approve(which, who, stale=False)
        self.assign(which, "approver")

    @rule(which=st.none() | WHICH, who=WHO)
    def assign(self, which: int | None, who: str) -> None:
        variant = None if which is None else self.now(which)
        try:
            placement_assign(actor=getattr(self.cast, who), placement=self.placement, variant=variant)
        except StudioError:
            return
        assert which is None or self.known[which].approved is not None, "assigned without an approval"
        self.assigned = which

    @rule(which=WHICH, text=TEXTS)
    def edit_of_what_is_gone(self, which: int, text: str) -> None:
        """An edit on a revision that is not the newest is refused, and changes nothing."""
        before = self.now(which)
        with pytest.raises((ConflictError, StudioError)):
            variant_edit(actor=self.cast.admin, variant=before, text=text + "!", base_revision=9_999)
        assert revision_of(self.now(which)).sha256 == revision_of(before).sha256

    @invariant()
    def what_is_served_was_approved(self) -> None:
        if not hasattr(self, "placement"):
            return
        held = self.shelf.get(self.cast.workspace.pk)
        assert held is not None
        known = None if self.assigned is None else self.known[self.assigned]
        try:
            served = decide(held=held, placement=self.placement.slug, visitor="one", now=timezone.now())
        except NothingToServeError:
            assert known is None or known.approved is None
            self.seen["nothing served"] += 1
            return
        assert known is not None and not known.retired and known.approved is not None
        assert self.assigned is not None
        newer = revision_of(self.now(self.assigned)).text.encode() != known.approved
        self.seen["served beside a newer draft" if newer else "served"] += 1
        assert served.text.encode() == known.approved
        assert served.sha256 == hashlib.sha256(known.approved).hexdigest()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_is_served_is_what_another_person_approved(cast: Cast) -> None:
    machine = type("Machine", (ServedIsApproved,), {"cast": cast, "seen": Counter()})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=RUNS, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    reached = {"served", "served beside a newer draft", "nothing served", "own text refused", "verdict refused"}
    assert all(machine.seen[what] >= RUNS // 3 for what in reached), machine.seen
