"""What notifications about models say."""

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "training.succeeded": _("Training “%(label)s” is done. Its version is being measured."),
    "training.failed": _("Training “%(label)s” failed."),
    "evaluation.succeeded": _("“%(version)s” was measured and passes every gate."),
    "evaluation.missed": _("“%(version)s” was measured and does not pass every gate."),
    "evaluation.failed": _("Measuring “%(version)s” failed."),
    "base.fetched": _("“%(name)s” was fetched. It can be trained on."),
    "base.failed": _("“%(name)s” could not be fetched."),
}
