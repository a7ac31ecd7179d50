"""Exposure tokens and visitor pseudonyms: what makes a counted event provable, and a visitor unknown.

A token says "this workspace served this revision at this placement to this visitor", signed with a key derived from the
workspace's signing key. It is opaque to the shop, which hands it back with impressions, clicks and conversions.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass

PREFIX = "x1."
LAYOUT = struct.Struct(">QQQQ16s16sQ")  # workspace, placement, variant, revision, visitor, nonce, expiry
MAC_BYTES = 32
MAX_TOKEN_CHARACTERS = 512


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """Two keys derived from one secret, so that neither use can ever answer for the other."""

    token: bytes
    visitor: bytes

    @classmethod
    def derive(cls, signing_key: str) -> SigningKeys:
        secret = signing_key.encode("utf-8")
        return cls(
            token=hmac.digest(secret, b"exposure token 1", hashlib.sha256),
            visitor=hmac.digest(secret, b"visitor pseudonym 1", hashlib.sha256),
        )


@dataclass(frozen=True, slots=True)
class Exposure:
    """What one token states. ``visitor`` and ``nonce`` are 32 hex digits, ``expires`` is in Unix seconds."""

    workspace: int
    placement: int
    variant: int
    revision: int
    visitor: str
    nonce: str
    expires: int


def pseudonym(*, keys: SigningKeys, visitor: str) -> str:
    """The visitor's name in this workspace: 128 bits of an HMAC as hex. The shop's own key is never stored."""
    return hmac.digest(keys.visitor, visitor.encode("utf-8"), hashlib.sha256)[:16].hex()


def nonce() -> str:
    """A number used once: 128 random bits as hex."""
    return secrets.token_hex(16)


def token_sign(*, keys: SigningKeys, exposure: Exposure) -> str:
    """The token of an exposure, 142 characters that are safe in URLs and headers."""
    body = LAYOUT.pack(
        exposure.workspace,
        exposure.placement,
        exposure.variant,
        exposure.revision,
        bytes.fromhex(exposure.visitor),
        bytes.fromhex(exposure.nonce),
        exposure.expires,
    )
    mac = hmac.digest(keys.token, body, hashlib.sha256)
    return PREFIX + base64.urlsafe_b64encode(body + mac).rstrip(b"=").decode("ascii")


def token_read(*, keys: SigningKeys, token: str) -> Exposure | None:
    """The exposure that a token of this workspace states, None for anything else. The caller judges the expiry."""
    if not token.startswith(PREFIX) or len(token) > MAX_TOKEN_CHARACTERS:
        return None
    packed = token[len(PREFIX) :]
    try:
        raw = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != LAYOUT.size + MAC_BYTES:
        return None
    # one exposure has one spelling: bits that base64 ignores may not differ
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != packed:
        return None
    body, mac = raw[: LAYOUT.size], raw[LAYOUT.size :]
    if not hmac.compare_digest(mac, hmac.digest(keys.token, body, hashlib.sha256)):
        return None
    workspace, placement, variant, revision, visitor, number, expires = LAYOUT.unpack(body)
    return Exposure(workspace, placement, variant, revision, visitor.hex(), number.hex(), expires)
