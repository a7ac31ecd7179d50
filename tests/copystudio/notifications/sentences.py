"""Sentences of an app that is not there. Both stand in the Chinese catalogue for other reasons."""

from django.utils.translation import gettext_lazy as _

SENTENCES = {"test.adopted": _("%(person)s now belongs to this workspace."), "test.saved": _("Saved.")}
AGAIN = {"test.saved": _("Saved.")}
