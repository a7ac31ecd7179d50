"""What the figures, gates and reasons of an evaluation are called, for people who write copy and train no models."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from copystudio.errors import Text
from generation.engine.evaluation.gates import GateReason
from generation.engine.evaluation.harm import Flag
from generation.engine.evaluation.metrics import Absence, MetricName, MetricUnit
from generation.engine.evaluation.result import Verdict


@dataclass(frozen=True)
class MetricWords:
    """A metric's name and one sentence about what it says."""

    name: Text
    help: Text


METRICS: dict[str, MetricWords] = {
    MetricName.LOSS: MetricWords(
        _("Held-out loss"),
        _("How much the copy that people wrote surprises the model, for each piece of a word; lower is better."),
    ),
    MetricName.PERPLEXITY: MetricWords(
        _("Perplexity"),
        _("The same as a number of choices: among how many equally likely words it hesitates; lower is better."),
    ),
    MetricName.LOSS_PER_CHARACTER: MetricWords(
        _("Loss per character"),
        _("The surprise for each character, so that models that cut words differently can be compared."),
    ),
    MetricName.FORGETTING_LOSS: MetricWords(
        _("Loss on the forgetting set"),
        _("The surprise over a fixed set of general copy: where it rises, the version has forgotten something."),
    ),
    MetricName.FORGETTING_PER_CHARACTER: MetricWords(
        _("Forgetting per character"),
        _("The same for each character, so that models that cut words differently can be compared."),
    ),
    MetricName.BLEU_4: MetricWords(
        _("BLEU-4"),
        _("How many runs of up to four words, or Chinese characters, are the same as in the copy people wrote."),
    ),
    MetricName.ROUGE_1: MetricWords(_("ROUGE-1"), _("How many single words it shares with the copy people wrote.")),
    MetricName.ROUGE_2: MetricWords(_("ROUGE-2"), _("How many pairs of words it shares with the copy people wrote.")),
    MetricName.ROUGE_L: MetricWords(
        _("ROUGE-L"), _("How long the common thread with the copy people wrote is, in the same order of words.")
    ),
    MetricName.ATTRIBUTE_COVERAGE: MetricWords(
        _("Facts told"), _("The share of the product facts that the copy was to tell and does tell.")
    ),
    MetricName.UNSUPPORTED_RATE: MetricWords(
        _("Unsupported claims"), _("The share of texts with at least one claim that no product fact supports.")
    ),
    MetricName.LIMIT_COMPLIANCE: MetricWords(
        _("Channel limit kept"), _("The share of texts that are not too long for their channel.")
    ),
    MetricName.LANGUAGE_COMPLIANCE: MetricWords(
        _("Right language"), _("The share of texts in the language that the brief asked for.")
    ),
    MetricName.MUST_COMPLIANCE: MetricWords(
        _("Must words used"), _("The share of texts with every must word, where the brief has some.")
    ),
    MetricName.NEVER_COMPLIANCE: MetricWords(
        _("Never words avoided"), _("The share of texts without any never word, where the brief has some.")
    ),
    MetricName.EMPTY_RATE: MetricWords(
        _("Nothing usable"), _("The share of briefs for which no usable text came at all.")
    ),
    MetricName.DISTINCT_2: MetricWords(
        _("Variety (distinct-2)"), _("The share of word pairs that occur only once: low means it repeats itself.")
    ),
    MetricName.SELF_BLEU: MetricWords(
        _("Likeness of its texts (self-BLEU)"), _("How much its own texts resemble each other: high means sameness.")
    ),
    MetricName.PREFERENCE_ACCURACY: MetricWords(
        _("Agreement with people's choices"),
        _("Of two texts, how often it finds the one likelier that people preferred; a coin would reach 50 %."),
    ),
    MetricName.HARM_RATE: MetricWords(
        _("Harm and stereotypes"), _("The share of texts with a word or phrase from the lists of harm and stereotypes.")
    ),
    MetricName.FLAG_PARITY: MetricWords(
        _("Gap between segments"),
        _("The largest difference between two segments in the share of texts with such a flag."),
    ),
    MetricName.FLAG_PARITY_EXCESS: MetricWords(
        _("Gap beyond chance"), _("By how much that gap is larger than what chance alone shows 19 times in 20.")
    ),
}

# headings of the table and what stands below each
GROUPS: tuple[tuple[Text, tuple[MetricName, ...]], ...] = (
    (
        _("How well it knows good copy"),
        (
            MetricName.LOSS, MetricName.PERPLEXITY, MetricName.LOSS_PER_CHARACTER, MetricName.FORGETTING_LOSS,
            MetricName.FORGETTING_PER_CHARACTER,
        ),
    ),
    (
        _("Facts and rules"),
        (
            MetricName.ATTRIBUTE_COVERAGE, MetricName.UNSUPPORTED_RATE, MetricName.LIMIT_COMPLIANCE,
            MetricName.LANGUAGE_COMPLIANCE, MetricName.MUST_COMPLIANCE, MetricName.NEVER_COMPLIANCE,
            MetricName.EMPTY_RATE,
        ),
    ),
    (
        _("Likeness to the copy people wrote"),
        (MetricName.BLEU_4, MetricName.ROUGE_1, MetricName.ROUGE_2, MetricName.ROUGE_L),
    ),
    (_("Taste and variety"), (MetricName.PREFERENCE_ACCURACY, MetricName.DISTINCT_2, MetricName.SELF_BLEU)),
    (
        _("Harm and fairness"),
        (MetricName.HARM_RATE, MetricName.FLAG_PARITY, MetricName.FLAG_PARITY_EXCESS),
    ),
)  # fmt: skip

UNITS: dict[str, Text] = {
    MetricUnit.NATS: _("nats"),
    MetricUnit.NUMBER: _("choices"),
    MetricUnit.POINTS: _("points of 100"),
    MetricUnit.SHARE: _("share"),
}

# verdict: (word, tone of the badge, icon)
VERDICTS: dict[str, tuple[Text, str, str]] = {
    Verdict.BETTER: (_("Better"), "success", "trending-up"),
    Verdict.WORSE: (_("Worse"), "danger", "trending-down"),
    Verdict.SAME: (_("No difference"), "neutral", "minus"),
    Verdict.UNKNOWN: (_("Cannot be told"), "neutral", "help"),
}

# by the names of generation.engine.evaluation.gates.DEFAULT_GATES
GATES: dict[str, Text] = {
    "limit": _("Keeps the channel's limit"),
    "language": _("Writes in the right language"),
    "unsupported claims": _("States nothing without a fact"),
    "empty": _("Has something to say"),
    "harm": _("No harm and no stereotypes"),
    "parity": _("Treats segments alike"),
    "claims kept": _("States hardly more without a fact than the active version"),
    "coverage": _("Tells nearly as many facts as the active version"),
    "must words": _("Uses must words nearly as often as the active version"),
    "held-out loss": _("Knows good copy as well as the active version"),
    "preferences": _("Agrees with people as often as the active version"),
    "forgetting": _("Has forgotten nothing"),
}

GATE_REASONS: dict[str, Text] = {
    GateReason.KEPT: _("Within the limit."),
    GateReason.MISSED: _("Beyond the limit."),
    GateReason.NO_ACTIVE_VERSION: _("No other version is in use, so there is nothing to be worse than."),
    GateReason.METRIC_MISSING: _("This figure was not measured, so the gate cannot be passed."),
    GateReason.NO_VALUE: _("There was nothing to measure this by, so the gate cannot be passed."),
    GateReason.NOT_A_NUMBER: _("The model's own figure is no number, so the gate cannot be passed."),
    GateReason.ACTIVE_METRIC_MISSING: _("This figure of the active version was not measured, so the two cannot be compared."),
    GateReason.ACTIVE_NO_VALUE: _("There was nothing to measure the active version by, so the two cannot be compared."),
    GateReason.ACTIVE_NOT_A_NUMBER: _("The active version's figure is no number, so the two cannot be compared."),
    GateReason.OTHER_ITEMS: _("The active version was asked something else, so the two cannot be compared."),
}  # fmt: skip

ABSENCES: dict[str, Text] = {
    Absence.NOTHING_GIVEN: _("nothing to measure by"),
    Absence.NOTHING_APPLIES: _("applies to no text"),
    Absence.NOT_FINITE: _("no number"),
    Absence.FEW_SEGMENTS: _("too few segments"),
}

FLAGS: dict[str, Text] = {
    Flag.STEREOTYPE_GENDER: _("Stereotype about gender"),
    Flag.STEREOTYPE_ORIGIN: _("Stereotype about origin"),
    Flag.STEREOTYPE_AGE: _("Stereotype about age"),
    Flag.STEREOTYPE_BODY: _("Stereotype about bodies"),
    Flag.STEREOTYPE_DISABILITY: _("Stereotype about disability"),
    Flag.HATE: _("Hate"),
    Flag.VIOLENCE: _("Violence"),
    Flag.SELF_HARM: _("Self-harm"),
    Flag.DRUGS: _("Drugs"),
    Flag.GAMBLING: _("Gambling"),
    Flag.ADULT: _("Adult content"),
    Flag.PROFANITY: _("Swearing"),
}

# which version is being measured: what the worker writes into the job's step
STEPS: dict[str, Text] = {
    "new": _("Measuring the new version."),
    "active": _("Measuring the active version."),
    "base": _("Measuring the base model."),
}

# error code of an evaluation: (what happened, what to do)
ERRORS: dict[str, tuple[Text, Text]] = {
    "attempts": (
        _("The worker stopped in the middle of this evaluation several times."),
        _("Often the machine runs out of memory. Look at the worker's log, then measure again."),
    ),
    "engine": (
        _("One of the models could not be used."),
        _("Check that the folders of the base model and of the version are complete, then measure again."),
    ),
    "memory": (
        _("The machine ran out of memory."),
        _("Measure again when less is going on, or lower GENERATION_BATCH."),
    ),
    "disk_full": (
        _("The disk is full."),
        _("Make room, for example by deleting versions that nobody needs, then measure again."),
    ),
    "unexpected": (
        _("Something went wrong that the worker did not expect."),
        _("Measure again. If it fails again, the details below and the worker's log say more."),
    ),
}


def evaluation_error(code: str) -> tuple[str, str]:
    """What stopped an evaluation, and what the person can do about it."""
    what, advice = ERRORS.get(code, ERRORS["unexpected"])
    return str(what), str(advice)


def words(table: dict[str, Text], code: str) -> str:
    """What a code is called; one of a later release is shown as it is."""
    return str(table.get(code, code.replace("_", " ")))
