"""The shapes of requests and answers about generation runs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from campaigns.api.fields import Amount, Choice, JsonWhole, Text, Whole
from campaigns.api.serializers import LANGUAGE_CODES, CopyProductSerializer
from campaigns.forms.brief import MOST_SKUS
from campaigns.forms.fields import MOST_WORDS
from campaigns.models.brief import MAX_PER_ITEM, Emoji, Length, Sentiment, Style
from copystudio.db import JobStatus

LARGEST = 2**63 - 1
MOST_NAMES = 200


class Exact(serializers.Serializer):
    """Refuses values that it does not know: a mistyped name would otherwise be a wish that nobody reads."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        values: dict[str, Any] = super().to_internal_value(data)
        unknown = sorted(set(data) - set(self.fields))
        if unknown:
            raise serializers.ValidationError({name[:80]: [_("There is no such value.")] for name in unknown[:20]})
        return values


class BriefRunSerializer(Exact):
    """A run from a brief that stands in the studio."""

    brief = JsonWhole(min_value=1, max_value=LARGEST, help_text=_("Number of a brief of the workspace."))


class ProductFilterSerializer(Exact):
    """Which products on sale; what is left out says nothing."""

    q = Text(max_length=200, required=False, help_text=_("In title, SKU or vendor."))
    category = Text(max_length=200, required=False)
    vendor = Text(max_length=200, required=False)
    tag = Text(max_length=60, required=False)
    price_min = Amount(required=False)
    price_max = Amount(required=False)
    language = Choice(choices=LANGUAGE_CODES, required=False, help_text=_("Language of the product data."))

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        values = super().to_internal_value(data)
        return {key: str(value) if isinstance(value, Decimal) else value for key, value in values.items()}


def words(**kwargs: Any) -> serializers.ListField:
    return serializers.ListField(child=Text(max_length=60), max_length=MOST_WORDS, required=False, **kwargs)


class WishSerializer(Exact):
    """A run asked for in the request itself. It is kept as a brief, named by the client and the time."""

    campaign = JsonWhole(
        min_value=1, max_value=LARGEST, help_text=_("Number of the campaign; it gives brand and dates.")
    )
    channels = serializers.ListField(
        child=Text(max_length=60), min_length=1, max_length=MOST_NAMES, help_text=_("Keys of channels.")
    )
    language = Choice(choices=LANGUAGE_CODES, help_text=_("Language of the copy."))
    products = serializers.ListField(
        child=Text(max_length=120),
        max_length=MOST_SKUS,
        required=False,
        help_text=_("SKUs. Without them, all products on sale that fit the filter."),
    )
    product_filter = ProductFilterSerializer(required=False)
    segments = serializers.ListField(
        child=Text(max_length=60),
        max_length=MOST_NAMES,
        required=False,
        help_text=_("Short names of audience segments; each gets its own texts. Without one, copy for everybody."),
    )
    style = Choice(choices=Style.values, required=False, help_text=_("From calm to lively: how the copy sounds."))
    tone = Text(
        max_length=120,
        required=False,
        help_text=_("In your own words. With no style and nothing here, the segment's or the brand's tone counts."),
    )
    sentiment = Choice(
        choices=Sentiment.values,
        required=False,
        help_text=_("Of the texts that pass, those that feel like this are chosen first."),
    )
    length = Choice(
        choices=Length.values,
        required=False,
        help_text=_("Short uses about 45 %, medium 70 % and long 95 % of what is advised in the channel."),
    )
    emoji = Choice(choices=Emoji.values, required=False, help_text=_("Texts that do not keep to it are dropped."))
    must_words = words(help_text=_("Texts without them are dropped."))
    never_words = words(help_text=_("Texts with them are dropped."))
    instructions = Text(max_length=1000, required=False, help_text=_("Anything else the writer should know."))
    count = JsonWhole(
        min_value=1,
        max_value=MAX_PER_ITEM,
        required=False,
        help_text=_("Texts for every product, segment and channel; 4 without it."),
    )


class RunQuery(serializers.Serializer):
    status = Choice(
        choices=JobStatus.values,
        required=False,
        help_text=_("Only runs in this state. One that is paused stays queued or running."),
    )
    paused = Choice(
        choices=["true", "false"], required=False, help_text=_("Only runs that are paused, or only those that are not.")
    )
    limit = Whole(min_value=1, max_value=200, required=False, help_text=_("Entries on a page, 50 without it."))
    cursor = Text(max_length=200, required=False, help_text=_("Taken from “next” or “previous” of another page."))


class PageQuery(serializers.Serializer):
    limit = Whole(min_value=1, max_value=200, required=False, help_text=_("Entries on a page, 50 without it."))
    cursor = Text(max_length=200, required=False, help_text=_("Taken from “next” or “previous” of another page."))


class NamedSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class RunEntrySerializer(serializers.Serializer):
    """A generation run in a list."""

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=JobStatus.values)
    paused = serializers.BooleanField(help_text=_("Somebody paused it: no worker takes it up until it goes on."))
    label = serializers.CharField(help_text=_("What for, for people."))
    campaign = NamedSerializer(allow_null=True)
    brief = NamedSerializer(allow_null=True)
    requested = serializers.IntegerField(help_text=_("Texts asked for."))
    produced = serializers.IntegerField(help_text=_("Candidates so far."))
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class RunErrorSerializer(serializers.Serializer):
    code = serializers.CharField(help_text=_("Stable short name, for programs."))
    title = serializers.CharField(help_text=_("What happened, in the language of Accept-Language."))
    advice = serializers.CharField(help_text=_("What can be done about it."))


class ServerAwaySerializer(serializers.Serializer):
    code = serializers.CharField(help_text=_("Stable short name, for programs."))
    title = serializers.CharField(help_text=_("What happened, in the language of Accept-Language."))
    retry_at = serializers.DateTimeField(
        allow_null=True, help_text=_("When the model server is asked again; null while it is.")
    )


class RunSerializer(RunEntrySerializer):
    """A generation run."""

    model = serializers.CharField(help_text=_("The model version that writes."))
    items = serializers.IntegerField(help_text=_("Combinations of product, segment and channel."))
    items_finished = serializers.IntegerField()
    dropped = serializers.DictField(
        child=serializers.IntegerField(), help_text=_("How many texts were dropped, by reason.")
    )
    texts_per_minute = serializers.FloatField(allow_null=True, help_text=_("Null before the first candidate."))
    seconds_left = serializers.FloatField(allow_null=True, help_text=_("An estimate; null where there is none."))
    runs_ahead = serializers.IntegerField(help_text=_("Open runs that stand before a queued one."))
    server_away = ServerAwaySerializer(
        allow_null=True,
        help_text=_("Why the model server gives no texts at present; null while it does, and where there is none."),
    )
    cancel_requested = serializers.BooleanField(help_text=_("It stops after the present step."))
    error = RunErrorSerializer(allow_null=True, help_text=_("Why a failed run failed."))


class RunPageSerializer(serializers.Serializer):
    next = serializers.CharField(allow_null=True, help_text=_("URL of the next page."))
    previous = serializers.CharField(allow_null=True, help_text=_("URL of the page before."))
    results = RunEntrySerializer(many=True)


class FindingSerializer(serializers.Serializer):
    code = serializers.CharField(help_text=_("Stable short name, such as grounding.price."))
    severity = serializers.CharField()
    start = serializers.IntegerField(help_text=_("Where in the text, in code points."))
    end = serializers.IntegerField()
    excerpt = serializers.CharField()
    detail = serializers.CharField(help_text=_("What was found, in the language of Accept-Language."))


class CandidateSerializer(serializers.Serializer):
    """A raw output of the model that nobody has reviewed. It is not approved copy: do not publish it."""

    id = serializers.IntegerField()
    text = serializers.CharField()
    reviewed_by_human = serializers.BooleanField(help_text=_("Always false: approved copy is read with copy:read."))
    variant = serializers.IntegerField(allow_null=True, help_text=_("Number of the variant that a person made of it."))
    product = CopyProductSerializer(allow_null=True)
    segment = serializers.CharField(allow_null=True, help_text=_("Short name of the audience segment."))
    channel = serializers.CharField(allow_null=True, help_text=_("Key of the channel."))
    goes_with = serializers.ListField(
        child=serializers.IntegerField(),
        help_text=_(
            "Candidates of other fields of the same platform, such as the description of a headline, to be read with it."
        ),
    )
    language = serializers.CharField()
    fluency = serializers.FloatField(
        help_text=_("Mean natural-log probability per token under the model, at most 0; nearer 0 is more fluent.")
    )
    length = serializers.IntegerField(help_text=_("In the unit of the channel."))
    findings = FindingSerializer(many=True)
    created_at = serializers.DateTimeField()


class CandidatePageSerializer(serializers.Serializer):
    next = serializers.CharField(allow_null=True, help_text=_("URL of the next page."))
    previous = serializers.CharField(allow_null=True, help_text=_("URL of the page before."))
    results = CandidateSerializer(many=True)
