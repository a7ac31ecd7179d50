"""The errors that services raise. Each has an HTTP status, a stable code and a sentence for the user."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class StudioError(Exception):
    """A refusal that a person can understand; the page and the API show ``message``."""

    status = 400
    code = "refused"
    message: Text = _("This request was refused.")

    def __init__(self, message: Text | None = None, *, code: str | None = None) -> None:
        self.message = message if message is not None else self.message
        self.code = code or self.code
        super().__init__(str(self.message))


class InvalidInputError(StudioError):
    """Input that breaks a rule; ``fields`` names each field and what is wrong with it."""

    status = 422
    code = "invalid"
    message = _("Some of the input is not valid.")

    def __init__(
        self, message: Text | None = None, *, code: str | None = None, fields: Mapping[str, list[Text]] | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.fields = dict(fields or {})


class NotPermittedError(StudioError):
    """The person may see the object but not do this to it."""

    status = 403
    code = "not_permitted"
    message = _("Your role does not allow this.")


class TransitionError(StudioError):
    """The object is in a state from which this step does not lead anywhere."""

    status = 409
    code = "wrong_state"
    message = _("This step is not possible in the present state.")


class ConflictError(StudioError):
    """Somebody else changed the object in the meantime."""

    status = 409
    code = "conflict"
    message = _("Somebody else changed this in the meantime. Reload, compare, and try again.")


class BusyError(StudioError):
    """A part that is needed is not ready; trying again later helps."""

    status = 503
    code = "not_ready"
    message = _("A part that this needs is not ready yet. Try again in a minute.")
