"""Exposure tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from campaigns.services.exposure import Exposure, SigningKeys, nonce, pseudonym, token_read, token_sign

KEYS = SigningKeys.derive("a signing key")
OTHER = SigningKeys.derive("another signing key")
numbers = st.integers(0, 2**63 - 1)
exposures = st.builds(
    Exposure,
    workspace=numbers,
    placement=numbers,
    variant=numbers,
    revision=numbers,
    visitor=st.binary(min_size=16, max_size=16).map(bytes.hex),
    nonce=st.binary(min_size=16, max_size=16).map(bytes.hex),
    expires=numbers,
)


@given(exposures)
def test_a_token_states_its_exposure_to_its_own_workspace_only(exposure: Exposure) -> None:
    token = token_sign(keys=KEYS, exposure=exposure)
    assert len(token) == 142
    assert token_read(keys=KEYS, token=token) == exposure
    assert token_read(keys=OTHER, token=token) is None


@given(exposures, st.integers(0, 141), st.characters())
def test_a_changed_token_states_nothing(exposure: Exposure, position: int, character: str) -> None:
    token = token_sign(keys=KEYS, exposure=exposure)
    changed = token[:position] + character + token[position + 1 :]
    assert changed == token or token_read(keys=KEYS, token=changed) is None


@given(st.text())
def test_any_text_can_be_read(token: str) -> None:
    assert token_read(keys=KEYS, token=token) is None
    assert token_read(keys=KEYS, token="x1." + token) is None


@given(st.text())
def test_a_visitor_has_one_pseudonym_in_a_workspace_and_another_elsewhere(visitor: str) -> None:
    name = pseudonym(keys=KEYS, visitor=visitor)
    assert name == pseudonym(keys=KEYS, visitor=visitor) and len(name) == 32
    assert name != pseudonym(keys=OTHER, visitor=visitor)


def test_a_nonce_is_used_once() -> None:
    assert len({nonce() for _n in range(1000)}) == 1000
