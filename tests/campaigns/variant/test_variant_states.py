"""Every verb of a variant in every state, against a table that is written down by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from campaigns.models import Variant
from campaigns.permissions import verbs_possible
from campaigns.services.review import (
    variant_approve,
    variant_request_changes,
    variant_restore,
    variant_retire,
    variant_submit,
    variant_withdraw,
)
from campaigns.services.variant import revision_of, variant_edit
from copystudio.errors import NotPermittedError, TransitionError
from copystudio.models import Role
from tests import factories
from tests.people import Cast

STATES = ["draft", "in_review", "changes_requested", "approved", "retired"]
# verb: least role, and where it leads from which states
TABLE: dict[str, tuple[str, dict[str, str]]] = {
    "edit": ("copywriter", {"draft": "draft", "in_review": "draft", "changes_requested": "draft", "approved": "draft"}),
    "submit": ("copywriter", {"draft": "in_review", "changes_requested": "in_review"}),
    "withdraw": ("copywriter", {"in_review": "draft"}),
    "request_changes": ("approver", {"in_review": "changes_requested"}),
    "approve": ("approver", {"in_review": "approved"}),
    "retire": ("copywriter", {"draft": "retired", "changes_requested": "retired", "approved": "retired"}),
    "restore": ("copywriter", {"retired": "draft"}),
}
ORDER = ["viewer", "copywriter", "approver", "admin"]


def read(variant: Variant) -> dict[str, object]:
    return {"sha256": revision_of(variant).sha256, "review_cycle": variant.review_cycle}


DO: dict[str, Callable[..., Variant]] = {
    "edit": lambda actor, v: variant_edit(
        actor=actor, variant=v, text="Other words", base_revision=revision_of(v).number
    ),
    "submit": lambda actor, v: variant_submit(actor=actor, variant=v),
    "withdraw": lambda actor, v: variant_withdraw(actor=actor, variant=v),
    "request_changes": lambda actor, v: variant_request_changes(actor=actor, variant=v, reason="No.", **read(v)),
    "approve": lambda actor, v: variant_approve(actor=actor, variant=v, **read(v)),
    "retire": lambda actor, v: variant_retire(actor=actor, variant=v),
    "restore": lambda actor, v: variant_restore(actor=actor, variant=v),
}


def least_role(verb: str, status: str) -> str:
    """What is served, only an approver takes away."""
    return "approver" if (verb, status) == ("retire", "approved") else TABLE[verb][0]


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("verb", TABLE)
def test_every_verb_in_every_state(cast: Cast, status: str, verb: str) -> None:
    variant = factories.make_variant(cast, status=status)
    expected = TABLE[verb][1].get(status)
    history = variant.review_events.count()
    if expected is None:
        with pytest.raises(TransitionError):
            DO[verb](cast.second_approver, variant)
        variant.refresh_from_db()
        assert variant.status == status and variant.review_events.count() == history
    else:
        changed = DO[verb](cast.second_approver, variant)
        assert changed.status == expected
        last = changed.review_events.first()
        assert last is not None
        assert (last.verb, last.actor, last.from_status, last.to_status) == (
            verb,
            cast.second_approver,
            status,
            expected,
        )


@pytest.mark.parametrize("role", ORDER)
def test_a_role_can_do_exactly_what_the_table_gives_it(cast: Cast, role: str) -> None:
    actor = cast.second_approver if role == "approver" else getattr(cast, role)
    for status in STATES:
        shown = verbs_possible(role=Role(role), variant=factories.make_variant(cast, status=status))
        for verb, (_least, leads) in TABLE.items():
            enough = ORDER.index(role) >= ORDER.index(least_role(verb, status))
            assert (verb in shown) is (enough and status in leads), (status, verb)
            if status in leads and not enough:
                with pytest.raises(NotPermittedError):
                    DO[verb](actor, factories.make_variant(cast, status=status))
