"""Starting and cancelling generation runs for an API client.

A client acts for the person who made its key: it may do what that person's role allows at this moment, and every event
that it writes names both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import ApiClient, AudienceSegment, Brief, Campaign, Channel
from campaigns.selectors.brief import brief_get_for
from campaigns.selectors.campaign import campaign_get_for
from campaigns.selectors.catalogue import channels, products_matching, segments
from campaigns.selectors.run import run_get_for
from campaigns.services.brief import BriefData, brief_generate, brief_save
from copystudio.access import require
from copystudio.db import locked
from copystudio.errors import NotPermittedError, StudioError, Text
from copystudio.models import Role, User
from copystudio.services.events import events_through
from generation.models import GenerationRun
from generation.services.run_control import run_cancel


class UnknownNameError(StudioError):
    """The workspace has nothing of a name that the request gives."""

    status = 404

    def __init__(self, kind: str, message: Text, name: str) -> None:
        super().__init__(str(message) % {"name": name[:120]}, code=f"unknown_{kind}")


@dataclass(frozen=True)
class RunWish:
    """What an API client wants written, with names as it knows them: SKUs, short names of segments, keys of channels.

    ``style``, ``sentiment``, ``length`` and ``emoji`` are as in ``BriefData``.
    """

    campaign: int
    channels: Sequence[str]
    language: str
    products: Sequence[str] = ()
    product_filter: dict[str, Any] = field(default_factory=dict)
    segments: Sequence[str] = ()
    tone: str = ""
    must_words: Sequence[str] = ()
    never_words: Sequence[str] = ()
    instructions: str = ""
    count: int = 4
    style: str = ""
    sentiment: str = ""
    length: str = ""
    emoji: str = ""


def client_run_start(*, client: ApiClient, wish: int | RunWish) -> tuple[GenerationRun, bool]:
    """Start a run from a brief, given by its number, or from a wish, which becomes a brief. Returns it and whether it is new.

    Raises Http404 and UnknownNameError for what the workspace does not have, and what ``brief_generate`` raises.
    """
    with transaction.atomic(), _acting(client) as actor:
        if isinstance(wish, RunWish):
            brief = _brief_of(client=client, actor=actor, wish=wish)
        else:
            brief = brief_get_for(workspace=client.workspace, pk=wish)
        run, is_new = brief_generate(actor=actor, brief=brief)
        return run_get_for(workspace=client.workspace, pk=run.pk), is_new


def client_run_cancel(*, client: ApiClient, run_id: int) -> GenerationRun:
    """Ask a run to stop, as ``run_cancel``. Raises Http404, TransitionError for a run that ended."""
    with transaction.atomic(), _acting(client) as actor:
        run = run_get_for(workspace=client.workspace, pk=run_id)
        run_cancel(actor=actor, run=run)
        return run_get_for(workspace=client.workspace, pk=run_id)


@contextmanager
def _acting(client: ApiClient) -> Iterator[User]:
    """The person for whom the client acts, with every event of the block naming the client."""
    if client.created_by is None:
        raise NotPermittedError(_("Nobody answers for this key any more. Ask an admin to replace it."))
    try:
        require(actor=client.created_by, workspace=client.workspace, role=Role.COPYWRITER)
    except NotPermittedError:
        raise NotPermittedError(
            _("The person who made this key may no longer write here. Ask an admin to replace it.")
        ) from None
    with events_through(client=client.pk, client_name=client.name):
        yield client.created_by


def _brief_of(*, client: ApiClient, actor: User, wish: RunWish) -> Brief:
    campaign = campaign_get_for(workspace=client.workspace, pk=wish.campaign)
    locked(Campaign, pk=campaign.pk)  # so that two requests of one second get two names
    data = BriefData(
        name=_name(client, campaign),
        language=wish.language,
        channels=_channels(client, wish.channels),
        segments=_segments(client, wish.segments),
        product_filter={**wish.product_filter, "skus": _skus(client, wish.products)},
        tone=wish.tone.strip(),
        must_words=_words(wish.must_words),
        never_words=_words(wish.never_words),
        instructions=wish.instructions.strip(),
        count=wish.count,
        style=wish.style,
        sentiment=wish.sentiment,
        length=wish.length,
        emoji=wish.emoji,
    )
    return brief_save(actor=actor, campaign=campaign, data=data)


def _name(client: ApiClient, campaign: Campaign) -> str:
    """The client's name and the time, such as “Web shop 2026-05-01 12:00:00”; numbered where that is taken."""
    name = f"{client.name} {timezone.localtime():%Y-%m-%d %H:%M:%S}"
    taken = set(Brief.objects.filter(campaign=campaign, name__startswith=name).values_list("name", flat=True))
    return next(one for one in (name if n == 1 else f"{name} ({n})" for n in count(1)) if one not in taken)


def _channels(client: ApiClient, keys: Sequence[str]) -> list[Channel]:
    found = {channel.key: channel for channel in channels(client.workspace).filter(key__in=list(keys))}
    for key in keys:
        if key not in found:
            raise UnknownNameError("channel", _("There is no channel “%(name)s”."), key)
    return list(found.values())


def _segments(client: ApiClient, slugs: Sequence[str]) -> list[AudienceSegment]:
    found = {segment.slug: segment for segment in segments(client.workspace).filter(slug__in=list(slugs))}
    for slug in slugs:
        if slug not in found:
            raise UnknownNameError("segment", _("There is no audience segment “%(name)s”."), slug)
    return list(found.values())


def _skus(client: ApiClient, skus: Sequence[str]) -> list[str]:
    if not skus:
        return []
    found = set(products_matching(client.workspace, {"skus": list(skus)}).values_list("sku", flat=True))
    for sku in skus:
        if sku not in found:
            raise UnknownNameError("product", _("There is no product with the SKU “%(name)s” on sale."), sku)
    return list(dict.fromkeys(skus))


def _words(words: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, (word.strip() for word in words))))
