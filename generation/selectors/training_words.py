"""Training in words: sources, what was left out, errors, lines of the log, durations. Stored are codes and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from copystudio.errors import Text
from generation.engine.training.dataset import Source

EXAMPLES: dict[str, Text] = {
    Source.STARTER: gettext_lazy("Starter corpus"),
    Source.APPROVED: gettext_lazy("Approved as the model wrote it"),
    Source.EDITED: gettext_lazy("Edited, then approved"),
    Source.WRITTEN: gettext_lazy("Written by people, approved"),
    Source.DIALOGUE: gettext_lazy("Answers of the customer service"),
}
PAIRS: dict[str, Text] = {
    Source.EDIT_OVER_DRAFT: gettext_lazy("Edited text over the model's draft"),
    Source.APPROVED_OVER_REJECTED: gettext_lazy("Approved text over one sent back"),
    Source.WINNER_OVER_LOSER: gettext_lazy("Winner over loser of an experiment"),
    Source.CLEAN_OVER_BROKEN: gettext_lazy("Text that keeps the rules over one that breaks them"),
}
MASKED = "personal_data_masked"  # counted beside what was left out, but learned from
EXCLUDED: dict[str, Text] = {
    "demonstration": gettext_lazy("invented by the demonstration"),
    "no_product": gettext_lazy("about no product, or one that is gone"),
    "archived_product": gettext_lazy("about an archived product"),
    "line_breaks": gettext_lazy("of more than one line"),
    "overridden": gettext_lazy("approved although a rule objected"),
    "empty_brief": gettext_lazy("without a brief that says anything of the product"),
    "over_limit": gettext_lazy("longer than the channel allows today"),
    "trivial_edit": gettext_lazy("edited in spaces and punctuation only"),
    "approved_elsewhere": gettext_lazy("rejected here, approved elsewhere for the same product"),
    "personal_data": gettext_lazy("with personal data in the text"),
    "near_duplicate": gettext_lazy("nearly the same as another text"),
    "too_long": gettext_lazy("of more tokens than the settings of the training allow"),
}
# error code of a run: (what happened, what to do)
ERRORS: dict[str, tuple[Text, Text]] = {
    "engine": (
        gettext_lazy("The model or the data could not be used for training."),
        gettext_lazy("The details below say which. After mending it, resume; with other settings, start a new training."),
    ),
    "memory": (
        gettext_lazy("The machine ran out of memory."),
        gettext_lazy("Resume when less is going on, or start a new training with a lower rank or on a larger machine."),
    ),
    "disk_full": (
        gettext_lazy("The disk is full."),
        gettext_lazy("Make room on the disk of the worker, for example by deleting retired versions, then resume."),
    ),
    "attempts": (
        gettext_lazy("The worker stopped in the middle of this training many times."),
        gettext_lazy(
            "Often the machine runs out of memory or is restarted. Look at the worker's log, then resume:"
            " it goes on from the last checkpoint."
        ),
    ),
    "unexpected": (
        gettext_lazy("Something went wrong that the worker did not expect."),
        gettext_lazy("Resume: it goes on from the last checkpoint. If it fails again, the details below help to report it."),
    ),
}  # fmt: skip
# code of the log: (tone, icon, what happened)
LINES: dict[str, tuple[str, str, Text]] = {
    "frozen": (
        "info",
        "database",
        gettext_lazy("froze the data: %(examples)s examples to learn from, %(held_out)s kept for measuring."),
    ),
    "started": ("info", "player-play", gettext_lazy("began to train.")),
    "resumed": ("info", "player-play", gettext_lazy("was resumed and goes on from the last checkpoint.")),
    "begun_again": ("info", "player-play", gettext_lazy("was resumed and begins again: it had made no step.")),
    "taken_up": (
        "warning",
        "refresh",
        gettext_lazy("took the training up again from the last checkpoint (attempt %(attempt)s)."),
    ),
    "taken_up_early": (
        "warning",
        "refresh",
        gettext_lazy("took the training up again, which had made no step (attempt %(attempt)s)."),
    ),
    "paraphrased": (
        "info",
        "quote",
        gettext_lazy("added %(kept)s paraphrases to learn from, of %(tried)s that a model wrote."),
    ),
    "too_long": (
        "warning",
        "database",
        gettext_lazy("left out examples and pairs of more than %(longest)s tokens, as many as %(count)s."),
    ),
    "tried": (
        "info",
        "flask",
        gettext_lazy(
            "tried learning rate %(learning_rate)s with rank %(rank)s on %(examples)s examples, epochs: %(epochs)s."
            " Held-out loss: %(loss)s."
        ),
    ),
    "searched": (
        "info",
        "adjustments",
        gettext_lazy("chose learning rate %(learning_rate)s with rank %(rank)s, epochs: %(epochs)s."),
    ),
    "finished": ("success", "flag", gettext_lazy("finished with a held-out loss of %(loss)s.")),
    "cancelled": ("", "ban", gettext_lazy("stopped the training, as was asked. The last checkpoint is kept.")),
    "cancelled_early": ("", "ban", gettext_lazy("stopped the training, as was asked. It had made no step.")),
    "failed": ("danger", "circle-x", gettext_lazy("stopped the training: it failed.")),
}
STOPPED: dict[str, Text] = {
    "patience": gettext_lazy("It stopped early: the held-out loss no longer fell."),
    "time": gettext_lazy("It stopped because the time budget was spent."),
}
SCHEDULED: dict[str, Text] = {
    "started": gettext_lazy("A training was started."),
    "few": gettext_lazy("Too few new examples, so nothing was started."),
    "nothing_new": gettext_lazy("Nothing was new since the last training, so nothing was started."),
    "conflict": gettext_lazy("Another training was open, so nothing was started."),
    "not_ready": gettext_lazy("No model is active, so nothing was started."),
    "invalid": gettext_lazy("There was too little to learn from, so nothing was started."),
    "unexpected": gettext_lazy("Something went wrong, so nothing was started. The worker's log says what."),
    "wrong_state": gettext_lazy("The active model could not be trained, so nothing was started."),
}


def counted(counts: Mapping[str, int], names: Mapping[str, Text]) -> list[tuple[str, int]]:
    """Counts that are not 0 in the order of their names."""
    return [(str(name), counts[code]) for code, name in names.items() if counts.get(code)]


def left_out(excluded: Mapping[str, int]) -> list[tuple[str, int]]:
    """What was not learned from, as (reason, count), the most frequent first; a code of a later release as it is."""
    found = [(code, count) for code, count in excluded.items() if code != MASKED and count]
    return [
        (str(EXCLUDED.get(code, code.replace("_", " "))), count) for code, count in sorted(found, key=lambda x: -x[1])
    ]


def training_error(code: str) -> tuple[str, str]:
    """What stopped a training, and what a person can do about it."""
    what, advice = ERRORS.get(code, ERRORS["unexpected"])
    return str(what), str(advice)


def line_sentence(code: str, params: Mapping[str, Any]) -> str:
    """A line of the log as the end of a sentence that begins with who did it; a code of a later release as it is."""
    if code not in LINES:
        return code.replace("_", " ")
    shown = {name: _shown(value) for name, value in params.items()}
    try:
        sentence = str(LINES[code][2]) % shown
    except KeyError:
        return code.replace("_", " ")
    why = STOPPED.get(str(params.get("stopped") or ""))
    return f"{sentence} {why}" if why else sentence


def _shown(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "–" if value is None else str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def scheduled_result(code: str) -> str:
    """What came of the schedule's last look; empty where it has not looked yet."""
    return str(SCHEDULED.get(code, _("Nothing was started: %(code)s.") % {"code": code})) if code else ""


def duration_text(seconds: float) -> str:
    """A time to go or one that was taken, coarse as any estimate: seconds, minutes, or hours from two on."""
    minutes = round(seconds / 60)
    if seconds < 60:
        whole = max(0, round(seconds))
        return ngettext("%(n)d second", "%(n)d seconds", whole) % {"n": whole}
    if minutes < 120:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours, rest = divmod(minutes, 60)
    text = ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    return text if not rest else f"{text} {ngettext('%(n)d minute', '%(n)d minutes', rest) % {'n': rest}}"
