"""Deciding which text a visitor gets, from memory.

Each web process holds one payload a workspace. A decision touches the database only to compare the payload's version,
at most once a second, so a change (an approval, a paused campaign, a revoked key) is seen everywhere within a second.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _

from campaigns.selectors.delivery import (
    Arm,
    KeyEntry,
    Payload,
    Slot,
    fallback_etag,
    key_home,
    payload_read,
    version_read,
)
from campaigns.services.exposure import Exposure, SigningKeys, nonce, pseudonym, token_sign
from campaigns.services.variant import text_sha256
from copystudio.errors import StudioError

log = logging.getLogger(__name__)

FRESH_SECONDS = 1.0  # between two looks at the version
FULL_SECONDS = 60.0  # a payload is read anew at least this often, whatever its version says
STALE_SECONDS = 60.0  # so long a payload serves while the database does not answer


class UnknownPlacementError(StudioError):
    """No placement of this name in the workspace of the key."""

    status = 404
    code = "unknown_placement"
    message = _("There is no placement of this name.")


class NothingToServeError(StudioError):
    """The placement has neither approved copy that fits nor a fallback text."""

    status = 404
    code = "nothing_to_serve"
    message = _("This placement has no approved copy that fits the request, and no fallback text.")


@dataclass(frozen=True, slots=True)
class Held:
    """A payload in memory, the keys derived for it, and when it was read and last compared (monotonic seconds)."""

    payload: Payload
    signing: SigningKeys
    read_at: float
    checked_at: float


class Shelf:
    """The payloads of this process. One thread asks the database, the others wait for its answer."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._held: dict[int, Held] = {}
        self._homes: dict[str, int] = {}
        self._locks: dict[int, threading.Lock] = {}

    def clear(self) -> None:
        self._held.clear()
        self._homes.clear()

    def get(self, workspace_id: int, *, at_once: bool = False) -> Held | None:
        """The workspace's payload, compared with the database within the last second (``at_once``: now)."""
        held = self._held.get(workspace_id)
        if held is not None and not at_once and self.clock() - held.checked_at < FRESH_SECONDS:
            return held
        with self._locks.setdefault(workspace_id, threading.Lock()):
            now = self.clock()
            held = self._held.get(workspace_id)
            if held is not None and not at_once and now - held.checked_at < FRESH_SECONDS:
                return held
            return self._refresh(workspace_id, held, now)

    def _refresh(self, workspace_id: int, held: Held | None, now: float) -> Held | None:
        try:
            same = (
                held is not None
                and now - held.read_at < FULL_SECONDS
                and version_read(workspace_id) == held.payload.version
            )
            payload = held.payload if held is not None and same else payload_read(workspace_id)
        except (OperationalError, InterfaceError):
            if held is None or now - held.read_at > FULL_SECONDS + STALE_SECONDS:
                raise
            log.warning("the database does not answer: workspace %s is served from memory", workspace_id)
            found = Held(held.payload, held.signing, held.read_at, checked_at=now)
            self._held[workspace_id] = found
            return found
        if payload is None:
            self._held.pop(workspace_id, None)
            return None
        if held is not None and payload is held.payload:
            found = Held(payload, held.signing, held.read_at, checked_at=now)
        else:
            found = Held(payload, SigningKeys.derive(payload.signing_key), read_at=now, checked_at=now)
        self._held[workspace_id] = found
        return found

    def find(self, key_hash: str) -> tuple[Held, KeyEntry] | None:
        """The payload and the entry of a key; None for a key that is unknown or no longer in force."""
        home = self._homes.get(key_hash)
        known = home is not None
        if home is None:
            home = key_home(key_hash)
            if home is None:
                return None
            self._homes[key_hash] = home
        # a key seen for the first time may be younger than the payload
        held = self.get(home, at_once=not known and key_hash not in self._keys(home))
        entry = held.payload.keys.get(key_hash) if held else None
        return (held, entry) if held and entry else None

    def _keys(self, workspace_id: int) -> Mapping[str, KeyEntry]:
        held = self._held.get(workspace_id)
        return held.payload.keys if held else {}


shelf = Shelf()


@dataclass(frozen=True, slots=True)
class Decision:
    """What one visitor gets at one placement. Without a token (fallback) nothing is counted."""

    slot: Slot
    arm: Arm | None
    text: str
    sha256: str
    etag: str
    ai: Mapping[str, Any]
    token: str | None


# a person typed the fallback text into the placement
FALLBACK_AI = {
    "generated": False,
    "label": None,
    "metadata": {"mode": "none", "reviewed_by_human": True, "aigc": None},
}


def decide(
    *,
    held: Held,
    placement: str,
    visitor: str,
    now: dt.datetime,
    product: str | None = None,
    segment: str | None = None,
    language: str | None = None,
) -> Decision:
    """The text for a visitor at a placement, byte for byte as approved, else the placement's fallback text.

    ``product`` (SKU), ``segment`` and ``language`` are conditions: copy about another product, for another segment or in
    another language is not served. Raises UnknownPlacementError and NothingToServeError (404).
    """
    slot = held.payload.slots.get(placement)
    if slot is None:
        raise UnknownPlacementError
    arm = _choose(slot, product=product, segment=segment, language=language)
    if arm is None:
        if not slot.fallback_text:
            raise NothingToServeError
        return Decision(
            slot=slot,
            arm=None,
            text=slot.fallback_text,
            sha256=text_sha256(slot.fallback_text),
            etag=fallback_etag(slot),
            ai=FALLBACK_AI,
            token=None,
        )
    exposure = Exposure(
        workspace=held.payload.workspace,
        placement=slot.placement,
        variant=arm.variant,
        revision=arm.revision,
        visitor=pseudonym(keys=held.signing, visitor=visitor),
        nonce=nonce(),
        expires=int(now.timestamp()) + settings.EXPOSURE_TOKEN_SECONDS,
    )
    token = token_sign(keys=held.signing, exposure=exposure)
    return Decision(slot=slot, arm=arm, text=arm.text, sha256=arm.sha256, etag=arm.etag, ai=arm.ai, token=token)


def _choose(slot: Slot, *, product: str | None, segment: str | None, language: str | None) -> Arm | None:
    """The visitor's arm. With one arm there is nothing to draw; an experiment draws here, by a hash of the visitor."""
    return next((arm for arm in slot.arms if arm.fits(product=product, segment=segment, language=language)), None)
