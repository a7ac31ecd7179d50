"""Sentences for stable codes: findings of the rules, reasons for dropped texts, errors and steps of a run.

Rules and workers speak in codes and parameters, so that what is stored can be read in any language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns.models.channel import Unit
from copystudio.errors import Text

FINDINGS: dict[str, Text] = {
    "length.over_soft": gettext_lazy("%(measured)s %(unit)s, advised are at most %(limit)s."),
    "length.over_hard": gettext_lazy("Too long: %(measured)s %(unit)s, at most %(limit)s."),
    "grounding.price": gettext_lazy("The price “%(claim)s” stands in no record of the product."),
    "grounding.discount": gettext_lazy("The discount “%(claim)s” does not follow from the product's prices."),
    "grounding.offer": gettext_lazy("The offer “%(claim)s” stands neither in the brief nor in the product's record."),
    "grounding.percent": gettext_lazy("The percentage “%(claim)s” is no fact of the product."),
    "grounding.quantity": gettext_lazy("The measure “%(claim)s” is no fact of the product."),
    "grounding.count": gettext_lazy("The count “%(claim)s” is no fact of the product."),
    "grounding.number": gettext_lazy("The number “%(claim)s” is no fact of the product."),
    "grounding.ordinal": gettext_lazy("The rank “%(claim)s” is no fact of the product."),
    "grounding.code": gettext_lazy("The code “%(claim)s” stands in no fact of the product."),
    "grounding.date": gettext_lazy("The date “%(claim)s” is neither the campaign's nor the product's."),
    "grounding.time": gettext_lazy("The time “%(claim)s” is neither the campaign's nor the product's."),
    "grounding.year": gettext_lazy("The year “%(claim)s” is neither the campaign's nor the product's."),
    "grounding.url": gettext_lazy("The address “%(claim)s” is not the product's."),
    "grounding.email": gettext_lazy("The e-mail address “%(claim)s” is known nowhere."),
    "grounding.phone": gettext_lazy("The telephone number “%(claim)s” is known nowhere."),
    "grounding.colour": gettext_lazy("The colour “%(claim)s” stands in no record of the product."),
    "grounding.material": gettext_lazy("The material “%(claim)s” stands in no record of the product."),
    "grounding.property": gettext_lazy("The property “%(claim)s” stands in no record of the product."),
    "wording.must_missing": gettext_lazy("The must word “%(word)s” is missing."),
    "wording.must_denied": gettext_lazy("The must word “%(word)s” is denied where it stands."),
    "wording.never_present": gettext_lazy("“%(word)s” must never be used."),
    "law.absolute": gettext_lazy("“%(word)s” is an absolute term, which advertising law forbids or wants proved."),
}
DROPS: dict[str, Text] = {
    "empty": gettext_lazy("empty"),
    "wrong_language": gettext_lazy("in another language than asked for"),
    "too_long": gettext_lazy("too long for the channel"),
    "duplicate": gettext_lazy("says again what it or another text said"),
    "off_plan": gettext_lazy("tells too few of the facts that should lead"),
    "broken": gettext_lazy(
        "has a unit or currency sign without its number, stutters, or gives a measure in the wrong unit"
    ),
    "never_word": gettext_lazy("contains a never word"),
    "must_word_missing": gettext_lazy("lacks a must word, or denies it"),
    "unsupported": gettext_lazy(
        "claims what no fact supports: a number, price, date, address, colour, material or property"
    ),
    "absolute_term": gettext_lazy("contains an absolute term of advertising law"),
    "emoji_unwanted": gettext_lazy("has emoji, which the brief does not want"),
    "emoji_missing": gettext_lazy("has no emoji, which the brief wants"),
}
FEELINGS: dict[str, Text] = {
    "negative": pgettext_lazy("how a text is felt", "negative"),
    "neutral": pgettext_lazy("how a text is felt", "neutral"),
    "positive": pgettext_lazy("how a text is felt", "positive"),
}
EVENTS: dict[str, Text] = {
    "campaign.create": gettext_lazy("created the campaign"),
    "campaign.change": gettext_lazy("changed the campaign"),
    "campaign.launch": gettext_lazy("launched the campaign"),
    "campaign.pause": gettext_lazy("paused the campaign"),
    "campaign.resume": gettext_lazy("resumed the campaign"),
    "campaign.finish": gettext_lazy("finished the campaign"),
    "campaign.note": gettext_lazy("left a note"),
}
# error code of a run: (what happened, what to do)
RUN_ERRORS: dict[str, tuple[Text, Text]] = {
    "attempts": (
        gettext_lazy("The worker stopped in the middle of this run several times."),
        gettext_lazy(
            "Often the machine runs out of memory. Ask an admin to look at the worker's log, then start the run again."
        ),
    ),
    "nothing_passed": (
        gettext_lazy("The model wrote texts, but none of them passed the checks."),
        gettext_lazy(
            "See below why they were dropped. What helps: fewer must and never words, no emoji asked for, a channel with more room, "
            "or more facts of the product, in the language of the copy."
        ),
    ),
    "engine": (
        gettext_lazy("The language model could not be used."),
        gettext_lazy("Ask an admin to check that the model is prepared and its folder complete."),
    ),
    "memory": (
        gettext_lazy("The machine ran out of memory."),
        gettext_lazy("Start the run again when less is going on, or ask an admin to lower GENERATION_BATCH."),
    ),
    "unexpected": (
        gettext_lazy("Something went wrong that the worker did not expect."),
        gettext_lazy("Start the run again. If it fails again, show an admin the details below."),
    ),
}
# why a model server gives no texts, by the code that a block waits with
SERVER_TROUBLES: dict[str, Text] = {
    "server_busy": gettext_lazy("The model server wants fewer requests."),
    "server_failing": gettext_lazy("The model server answers with errors."),
    "server_unreachable": gettext_lazy("The model server cannot be reached."),
    "server_slow": gettext_lazy("The model server does not answer in time."),
    "server_left_alone": gettext_lazy("The model server failed many times in a row, and is left alone for a while."),
}
ENGINE_NOTES: dict[str, Text] = {
    "export_pending": gettext_lazy(
        "The quantised copy of this model version is still being made. Until it is there, texts are written with torch, more slowly."
    ),
    "export_failed": gettext_lazy(
        "The quantised copy of this model version could not be made, so texts are written with torch, more slowly. An admin finds the reason in the training worker's log."
    ),
}  # fmt: skip


def engine_note(code: str) -> str:
    """Why another backend writes than the one that is wanted; empty for none."""
    return str(ENGINE_NOTES.get(code, ""))


def engine_name(engine: Mapping[str, Any]) -> str:
    """What wrote a text, in the names of programs and number formats; empty where that was not kept."""
    return " · ".join(str(engine[part]) for part in ("backend", "model", "numbers", "device") if engine.get(part))


def event_sentence(verb: str) -> str:
    """What somebody did, as the end of a sentence that begins with their name."""
    return str(EVENTS.get(verb, verb))


def run_error(code: str) -> tuple[str, str]:
    """What stopped a run, and what the person can do about it."""
    what, advice = RUN_ERRORS.get(code, RUN_ERRORS["unexpected"])
    return str(what), str(advice)


def server_trouble(code: str) -> str:
    """Why a model server gives no texts."""
    return str(SERVER_TROUBLES.get(code, _("The model server does not answer.")))


def finding_sentence(finding: Mapping[str, Any]) -> str:
    """What a finding says to a person; a code of a later release is shown as it is."""
    code = str(finding.get("message_key", ""))
    params = dict(finding.get("params") or {})
    if "unit" in params and code.startswith("length."):
        params["unit"] = dict(Unit.choices).get(str(params["unit"]), params["unit"])
    if code not in FINDINGS:
        return code
    try:
        return str(FINDINGS[code]) % params
    except KeyError:
        return code


def drop_reason(code: str) -> str:
    return str(DROPS.get(code, code.replace("_", " ")))


def feeling_name(code: str) -> str:
    return str(FEELINGS.get(code, code))


def unit_name(unit: str) -> str:
    """The unit in which a channel counts, for people."""
    return str(dict(Unit.choices).get(unit, _("characters")))
