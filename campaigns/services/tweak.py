"""Asking for other texts from one candidate: more like it, shorter, calmer, livelier, another angle, the other language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.models import BriefItem, Channel, Style, Unit
from campaigns.selectors.beside import texts_beside
from campaigns.selectors.ran import ran_texts
from campaigns.services.brief import open_campaign, run_link, version_of
from campaigns.services.brief_payload import BriefPart, channel_view, copy_brief_of, tone_of
from copystudio.errors import InvalidInputError, TransitionError
from copystudio.models import User
from copystudio.services.events import event_record
from generation.engine.config import CopyBrief, Language
from generation.engine.plan import kept_after, next_turn
from generation.models import Candidate, GenerationRun
from generation.services.run import ItemRequest, run_create

COUNT = 4
STEPS = 2  # places along the dial
SHARE = 0.7  # of the parent's length, for a shorter text
LEAST = {Language.EN: 12, Language.ZH_HANS: 6}  # characters below which no text is asked for
_HAN = range(0x3400, 0xA000)


class Tweak(models.TextChoices):
    """What is to be different; kept with the run."""

    LIKE = "like", _("More like this")
    SHORTER = "shorter", _("Shorter")
    CALMER = "calmer", _("Calmer")
    LIVELIER = "livelier", _("Livelier")
    ANGLE = "angle", _("Other angle")
    IN_ENGLISH = "in_english", _("In English")
    IN_CHINESE = "in_chinese", _("In Chinese")


LANGUAGES = {Tweak.IN_ENGLISH: Language.EN, Tweak.IN_CHINESE: Language.ZH_HANS}


def candidate_tweak(*, actor: User, candidate: Candidate, tweak: str) -> tuple[GenerationRun, bool]:
    """Start a run of four texts that are as the candidate's, but for what ``tweak`` says. Returns it and whether it is new.

    Raises InvalidInputError where the tweak is unknown or leads nowhere, TransitionError for a finished campaign and a
    candidate whose brief is gone, BusyError without a model to write with.
    """
    if tweak not in Tweak.values:
        raise InvalidInputError(_("Choose what is to be different."))
    about = _about(candidate)
    brief = about.brief_run.brief
    with transaction.atomic():
        campaign = open_campaign(actor=actor, campaign=brief.campaign)
        payload = tweaked_payload(candidate=candidate, channel=about.channel, tweak=Tweak(tweak))
        part = BriefPart(about.product, about.segment, about.channel)
        _renew_ran(payload, part)
        _go_with(payload, candidate, Tweak(tweak))
        payload["taken"] = [*payload.get("taken", ()), *(one.text for one in candidate.item.candidates.all())]
        run, is_new = run_create(
            actor=actor,
            workspace=campaign.workspace,
            label=f"{campaign.name} · {brief.name}"[:200],
            items=[ItemRequest(payload=payload, count=COUNT)],
            version=version_of(campaign.brand),
            parent=candidate,
            tweak=tweak,
        )
        if is_new:
            run_link(brief=brief, run=run, parts=[part])
            event_record(
                actor=actor,
                workspace=campaign.workspace,
                verb="candidate.tweak",
                target=candidate,
                data={"tweak": tweak, "run": run.pk},
            )
        return run, is_new


def _about(candidate: Candidate) -> BriefItem:
    about = (
        BriefItem.objects.select_related("brief_run__brief__campaign__brand", "product", "segment", "channel")
        .filter(item=candidate.item_id, workspace=candidate.workspace_id)
        .first()
    )
    if about is None:
        raise TransitionError(_("This candidate belongs to no brief."))
    return about


def _renew_ran(payload: dict[str, Any], part: BriefPart) -> None:
    """What ran by now, in the language that is asked for."""
    ran = ran_texts(
        workspace=part.channel.workspace,
        products=[part.product],
        channels=[part.channel],
        language=payload["language"],
    )
    payload.pop("ran", None)
    if texts := ran.get((part.product.pk, part.channel.key)):
        payload["ran"] = texts


def _go_with(payload: dict[str, Any], candidate: Candidate, tweak: Tweak) -> None:
    """New texts go with the one that the candidate is read with, unless it is in the other language."""
    beside = texts_beside(candidate.workspace, [candidate]).get(candidate.pk)
    if tweak in LANGUAGES:
        payload.pop("with", None)
    elif beside:
        payload["with"] = beside[0].text


def tweaked_payload(*, candidate: Candidate, channel: Channel, tweak: Tweak) -> dict[str, Any]:
    """The payload of the candidate's item with what the tweak changes. Raises as ``candidate_tweak``."""
    payload = {name: value for name, value in candidate.item.payload.items() if name != "siblings"}  # of its own run
    try:
        brief, check = copy_brief_of(payload), dict(payload["check"])
        if not {"unit", "hard_limit", "soft_limit"} <= set(check):
            raise KeyError("check")
    except (ValueError, KeyError, TypeError) as error:
        raise TransitionError(_("What this candidate was asked for cannot be read any more. Use its brief.")) from error
    # two candidates of one item are asked for different runs, even where the same comes out
    payload["check"] = {**check, "parent": candidate.pk, "tweak": tweak.value}
    payload["wish"] = dict(payload.get("wish", {}))
    if candidate.turn:  # what it led with leads again
        payload["wish"]["turn"] = candidate.turn
    if candidate.skip:
        payload["wish"]["skip"] = candidate.skip
    if tweak in LANGUAGES:
        return _led_alike(_in_language(payload, brief, channel, LANGUAGES[tweak]), brief)
    turn = next_turn(brief, candidate.item.led, candidate.turn)
    changes: Mapping[Tweak, Callable[[], dict[str, Any]]] = {
        Tweak.LIKE: lambda: {**payload, "wish": {**payload["wish"], "like": candidate.text}},
        Tweak.SHORTER: lambda: _led_alike(_shorter(payload, brief, candidate), brief),
        Tweak.CALMER: lambda: _along_the_dial(payload, brief, -STEPS),
        Tweak.LIVELIER: lambda: _along_the_dial(payload, brief, STEPS),
        Tweak.ANGLE: lambda: {**payload, "wish": {**payload["wish"], "turn": turn, "skip": 0}},
    }
    return changes[tweak]()


def _led_alike(payload: dict[str, Any], asked: CopyBrief) -> dict[str, Any]:
    """The payload so that its texts lead with what those for ``asked`` led with: another limit lets fewer or more facts lead."""
    wish = payload["wish"]
    after = kept_after(asked, copy_brief_of(payload), wish.get("turn", 0), wish.get("after", 0))
    if after == wish.get("after", 0):
        return payload
    return {**payload, "wish": {**wish, "after": after}}


def _shorter(payload: dict[str, Any], brief: CopyBrief, candidate: Candidate) -> dict[str, Any]:
    """Both limits at most 70 % of the text's length. Parts of an SMS count too coarsely for that: its characters do."""
    check = payload["check"]
    characters = int(len(candidate.text) * SHARE)
    if characters < LEAST[brief.language]:
        raise InvalidInputError(_("This text is as short as it gets."))
    if check["unit"] == Unit.SMS:
        told = {**payload["channel"], "unit": Unit.CHARACTERS.value, "limit": characters}
        return {**payload, "channel": told, "check": {**check, "most_characters": characters}}
    most = max(1, int(candidate.length * SHARE))
    hard = min(check["hard_limit"], most)
    told_limit = payload["channel"]["limit"]
    soft = check["soft_limit"] if check["soft_limit"] and check["soft_limit"] <= hard else None
    return {
        **payload,
        "channel": {**payload["channel"], "limit": min(told_limit, most) if told_limit else most},
        "check": {**check, "hard_limit": hard, "soft_limit": soft},
    }


def _along_the_dial(payload: dict[str, Any], brief: CopyBrief, steps: int) -> dict[str, Any]:
    """The style two places on, or the last one of that side; a brief without a style goes to the end of the dial."""
    check, dial = payload["check"], Style.values
    end = 0 if steps < 0 else len(dial) - 1
    now = dial.index(check["style"]) if check.get("style") in dial else None
    if now == end:
        raise InvalidInputError(_("This is the calmest style.") if steps < 0 else _("This is the liveliest style."))
    style = dial[end if now is None else min(max(now + steps, 0), len(dial) - 1)]
    tone = tone_of(style, check.get("tone", ""), brief.language)
    return {**payload, "tone": tone, "check": {**check, "style": style}}


def _in_language(payload: dict[str, Any], brief: CopyBrief, channel: Channel, language: Language) -> dict[str, Any]:
    """Channel, limits and tone as a brief of that language has them; facts and all else as they are.

    A must word of the other language cannot stand in the copy; the brand's name, and one in letters of the copy, can.
    """
    if brief.language is language:
        raise InvalidInputError(_("This text is in that language already."))
    check = {**payload["check"], "language": language.value}
    check.update(hard_limit=channel.hard_limit, soft_limit=channel.soft_limit)
    check.pop("most_characters", None)
    view = channel_view(channel=channel, language=language, length=check.get("length", ""))
    must = [word for word in brief.must_words if _stands_in(word, language) or word in brief.brand_name]
    tone = tone_of(check["style"], check.get("tone", ""), language) if check.get("style") else brief.tone
    return {
        **payload,
        "language": language.value,
        "channel": {"key": view.key, "name": view.name, "unit": view.unit, "limit": view.limit},
        "tone": tone,
        "must_words": must,
        "check": {**check, "must_words": must},
    }


def _stands_in(word: str, language: Language) -> bool:
    has_han = any(ord(character) in _HAN for character in word)
    return has_han if language is Language.ZH_HANS else not has_han


def tweaks_of(candidate: Candidate) -> list[Tweak]:
    """What can be asked for from this candidate: not the language it is in, and nothing beyond the ends of the dial."""
    payload = candidate.item.payload
    check, language = payload.get("check"), payload.get("language")
    if not isinstance(check, dict) or language not in LEAST:
        return []
    left_out = {tweak for tweak, other in LANGUAGES.items() if other == language}
    ends = {Style.values[0]: Tweak.CALMER, Style.values[-1]: Tweak.LIVELIER}
    left_out |= {tweak for style, tweak in ends.items() if check.get("style") == style}
    if int(len(candidate.text) * SHARE) < LEAST[language]:
        left_out.add(Tweak.SHORTER)
    return [tweak for tweak in Tweak if tweak not in left_out]


def tweak_label(tweak: str) -> str:
    """The tweak in the present language; one of a later release is shown as it is."""
    return str(Tweak(tweak).label) if tweak in Tweak.values else tweak
