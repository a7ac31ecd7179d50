"""The audit log in words: what was done to which kind of thing. Stored is "<kind>.<action>", the kind a model's name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.db.models import Model
from django.urls import reverse
from django.utils.translation import pgettext_lazy

from copystudio.errors import Text
from copystudio.models import Event

ACTIONS: dict[str, Text] = {
    "create": pgettext_lazy("what somebody did", "Created"),
    "add": pgettext_lazy("what somebody did", "Added"),
    "change": pgettext_lazy("what somebody did", "Changed"),
    "set": pgettext_lazy("what somebody did", "Set"),
    "delete": pgettext_lazy("what somebody did", "Deleted"),
    "delete_file": pgettext_lazy("what somebody did", "Deleted, all of a file"),
    "archive": pgettext_lazy("what somebody did", "Archived"),
    "restore": pgettext_lazy("what somebody did", "Restored"),
    "import": pgettext_lazy("what somebody did", "Imported"),
    "upload": pgettext_lazy("what somebody did", "Uploaded"),
    "check": pgettext_lazy("what somebody did", "Checked"),
    "apply": pgettext_lazy("what somebody did", "Asked to apply"),
    "applied": pgettext_lazy("what somebody did", "Applied"),
    "note": pgettext_lazy("what somebody did", "Left a note on"),
    "launch": pgettext_lazy("what somebody did", "Launched"),
    "pause": pgettext_lazy("what somebody did", "Paused"),
    "resume": pgettext_lazy("what somebody did", "Resumed"),
    "finish": pgettext_lazy("what somebody did", "Finished"),
    "cancel": pgettext_lazy("what somebody did", "Asked to stop"),
    "retry": pgettext_lazy("what somebody did", "Retried what failed"),
    "succeeded": pgettext_lazy("what somebody did", "Came to its end"),
    "failed": pgettext_lazy("what somebody did", "Failed"),
    "cancelled": pgettext_lazy("what somebody did", "Was stopped"),
    "generate": pgettext_lazy("what somebody did", "Generated from"),
    "tweak": pgettext_lazy("what somebody did", "Asked for others like it"),
    "adopt": pgettext_lazy("what somebody did", "Adopted"),
    "write": pgettext_lazy("what somebody did", "Written"),
    "edit": pgettext_lazy("what somebody did", "Edited"),
    "submit": pgettext_lazy("what somebody did", "Submitted"),
    "withdraw": pgettext_lazy("what somebody did", "Withdrawn"),
    "approve": pgettext_lazy("what somebody did", "Approved"),
    "request_changes": pgettext_lazy("what somebody did", "Changes requested"),
    "retire": pgettext_lazy("what somebody did", "Retired"),
    "revise": pgettext_lazy("what somebody did", "Revised"),
    "assign": pgettext_lazy("what somebody did", "Filled"),
    "rebuild": pgettext_lazy("what somebody did", "Counted anew"),
    "promote": pgettext_lazy("what somebody did", "Promoted"),
    "roll_back": pgettext_lazy("what somebody did", "Rolled back to"),
    "leave": pgettext_lazy("what somebody did", "Left by rolling back"),
    "offer": pgettext_lazy("what somebody did", "Offered by this release"),
    "vote": pgettext_lazy("what somebody did", "Voted in"),
    "role": pgettext_lazy("what somebody did", "Role changed"),
    "remove": pgettext_lazy("what somebody did", "Removed"),
    "password": pgettext_lazy("what somebody did", "Password reset"),
    "rotate": pgettext_lazy("what somebody did", "Key changed"),
    "revoke": pgettext_lazy("what somebody did", "Revoked"),
    "enable": pgettext_lazy("what somebody did", "Switched on"),
    "disable": pgettext_lazy("what somebody did", "Switched off"),
    "test": pgettext_lazy("what somebody did", "Tested"),
}
# the page of a thing, by its kind
PAGES = {
    "audiencesegment": "campaigns:segment_detail",
    "basefetch": "generation:fetch_detail",
    "brand": "campaigns:brand_detail",
    "brief": "campaigns:brief_detail",
    "campaign": "campaigns:campaign_detail",
    "evaluation": "generation:evaluation_detail",
    "generationrun": "campaigns:run_detail",
    "modelversion": "generation:model_detail",
    "placement": "campaigns:placement_detail",
    "product": "campaigns:product_detail",
    "productimport": "campaigns:import_detail",
    "trainingrun": "generation:training_detail",
    "variant": "campaigns:variant_detail",
    "webhookendpoint": "campaigns:webhook_detail",
}
KINDS = (
    *("apiclient", "audiencesegment", "basefetch", "brand", "brief", "campaign", "candidate", "channel", "evaluation"),
    *("generationrun", "languagemodel", "membership", "modelexport", "modelversion", "placement", "product"),
    *("productimport", "servicedialogue", "trainingrun", "trainingschedule", "variant", "webhookdelivery"),
    *("webhookendpoint", "workspace"),
)


@dataclass(frozen=True)
class EventRow:
    """An event, and how a list shows it. ``url`` is empty where the thing has no page; there may be nothing any more."""

    event: Event
    action: str
    kind: str
    url: str
    reason: str


def event_rows(events: Iterable[Event], *, workspace: str) -> list[EventRow]:
    """``workspace`` is its slug, for the links."""
    return [
        EventRow(
            event=event,
            action=action_name(event.verb),
            kind=kind_name(event.object_type),
            url=_url(event, workspace),
            reason=str(event.data.get("reason") or event.data.get("note") or ""),
        )
        for event in events
    ]


def action_name(verb: str) -> str:
    """What was done, of "<kind>.<action>"; an action of a later release as it is stored."""
    action = verb.rpartition(".")[2]
    return str(ACTIONS.get(action, action.replace("_", " ")))


def kind_name(object_type: str) -> str:
    """What a thing of this model is called; a model of another release as it is stored."""
    return str(_models()[object_type]._meta.verbose_name) if object_type in _models() else object_type


def action_choices() -> list[tuple[str, str]]:
    return sorted(((action, str(name)) for action, name in ACTIONS.items()), key=lambda choice: choice[1])


def kind_choices() -> list[tuple[str, str]]:
    """The kinds of which events tell, by name."""
    return sorted(((kind, kind_name(kind)) for kind in KINDS), key=lambda choice: choice[1].casefold())


@cache
def _models() -> dict[str, type[Model]]:
    return {model._meta.model_name or "": model for model in apps.get_models()}


def _url(event: Event, workspace: str) -> str:
    page = PAGES.get(event.object_type)
    return reverse(page, args=[workspace, event.object_id]) if page else ""
