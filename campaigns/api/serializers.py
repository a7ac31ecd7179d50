"""The shapes of requests and answers: what is checked is what the OpenAPI description shows."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from campaigns.api.fields import Amount, Choice, Moment, Text, Uuid, Whole
from campaigns.services.exposure import MAX_TOKEN_CHARACTERS
from campaigns.services.tracking import MOST_EVENTS, Kind, Reason, Result

LANGUAGE_CODES = [code for code, _name in settings.LANGUAGES]


class ProblemErrorSerializer(serializers.Serializer):
    pointer = serializers.CharField(help_text=_("JSON pointer of the value, such as /events/3/event_id."))
    detail = serializers.CharField(help_text=_("What is wrong with it."))


class ProblemSerializer(serializers.Serializer):
    """An RFC 9457 problem."""

    type = serializers.CharField(help_text=_("URN of the kind of problem."))
    title = serializers.CharField(help_text=_("What happened, for people, in the language of Accept-Language."))
    status = serializers.IntegerField(help_text=_("The HTTP status again."))
    code = serializers.CharField(help_text=_("Stable short name of the kind of problem, for programs."))
    errors = ProblemErrorSerializer(many=True, required=False, help_text=_("Each wrong value (422 only)."))


class DecideQuery(serializers.Serializer):
    placement = Text(max_length=80, help_text=_("Name of the placement."))
    visitor = Text(
        max_length=256,
        help_text=_("Your key of the visitor, the same on every visit. It is stored only as a pseudonym."),
    )
    product = Text(max_length=120, required=False, help_text=_("SKU: do not answer with copy about another product."))
    segment = Text(
        max_length=60, required=False, help_text=_("Segment: do not answer with copy for another audience segment.")
    )
    language = Choice(
        choices=LANGUAGE_CODES, required=False, help_text=_("Do not answer with copy in another language.")
    )


AI_HELP = _("Whether a model wrote the text, for people (label) and machines (metadata).")


class AiLabelSerializer(serializers.Serializer):
    text = serializers.CharField(help_text=_("To be shown with the copy, in the language of the copy."))
    language = serializers.CharField()


class AigcSerializer(serializers.Serializer):
    Label = serializers.CharField(help_text=_("“1”: generated with AI."))
    ContentProducer = serializers.CharField()
    ProduceID = serializers.CharField(help_text=_("Number of the revision."))


class AiMetadataSerializer(serializers.Serializer):
    mode = serializers.ChoiceField(
        choices=["ai-originated", "none"], help_text=_("The word of the header AI-Disclosure.")
    )
    reviewed_by_human = serializers.BooleanField()
    aigc = AigcSerializer(allow_null=True, help_text=_("Metadata as in GB 45438-2025."))


class AiSerializer(serializers.Serializer):
    """The AI label of a text."""

    generated = serializers.BooleanField(help_text=_("A model wrote the text or its first version."))
    label = AiLabelSerializer(allow_null=True)
    metadata = AiMetadataSerializer()


class DecisionSerializer(serializers.Serializer):
    placement = serializers.CharField()
    channel = serializers.CharField(help_text=_("Key of the channel that the placement belongs to."))
    source = serializers.ChoiceField(
        choices=["approved", "fallback"], help_text=_("Approved copy, or the fallback text of the placement.")
    )
    text = serializers.CharField(help_text=_("Plain text, exactly as approved. Escape it for where you show it."))
    sha256 = serializers.CharField(help_text=_("SHA-256 of the text's UTF-8 bytes, in hex."))
    language = serializers.CharField(allow_null=True, help_text=_("Language of the copy; null for a fallback text."))
    variant = serializers.IntegerField(allow_null=True)
    revision = serializers.IntegerField(allow_null=True)
    ai = AiSerializer(help_text=AI_HELP)
    token = serializers.CharField(
        allow_null=True,
        help_text=_("Exposure token to send back with events; null for a fallback text, which is not counted."),
    )


class EventSerializer(serializers.Serializer):
    event_id = Uuid(help_text=_("Made by you, the same on every retry; each is stored once for each type."))
    type = Choice(choices=[kind.value for kind in Kind])
    token = Text(
        min_length=1,
        max_length=MAX_TOKEN_CHARACTERS,
        help_text=_("The exposure token of the decision that was shown."),
    )
    timestamp = Moment(help_text=_("When it happened, by your clock."))
    value = Amount(required=False, help_text=_("Worth of a conversion, kept to two decimals; ignored for other types."))
    currency = serializers.RegexField(
        r"^[A-Z]{3}$", required=False, trim_whitespace=False, help_text=_("ISO 4217 code of the value.")
    )


class EventBatchSerializer(serializers.Serializer):
    sent_at = Moment(
        required=False,
        help_text=_("When you send the batch, by the same clock as the timestamps: a wrong clock is then corrected."),
    )
    events = EventSerializer(many=True, allow_empty=False, min_length=1, max_length=MOST_EVENTS)


class EventOutcomeSerializer(serializers.Serializer):
    event_id = serializers.UUIDField()
    outcome = serializers.ChoiceField(choices=[result.value for result in Result])
    reason = serializers.ChoiceField(
        choices=[reason.value for reason in Reason],
        required=False,
        help_text=_("Why the event is kept but not counted."),
    )


class EventReceiptSerializer(serializers.Serializer):
    received = serializers.IntegerField(help_text=_("Events in the batch."))
    accepted = serializers.IntegerField(help_text=_("Stored and counted now."))
    duplicate = serializers.IntegerField(help_text=_("Known already: nothing changed."))
    not_counted = serializers.IntegerField(help_text=_("Stored, but not counted, with a reason."))
    events = EventOutcomeSerializer(many=True, help_text=_("One outcome for each event, in the order of the batch."))


class CopyQuery(serializers.Serializer):
    campaign = Whole(min_value=1, max_value=2**63 - 1, required=False, help_text=_("Number of the campaign."))
    channel = Text(max_length=60, required=False, help_text=_("Key of the channel."))
    language = Choice(choices=LANGUAGE_CODES, required=False)
    sku = Text(max_length=120, required=False, help_text=_("SKU of the product that the copy is about."))
    updated_since = Moment(required=False, help_text=_("Only copy that changed at or after this time."))
    limit = Whole(min_value=1, max_value=200, required=False, help_text=_("Entries on a page, 50 without it."))
    cursor = Text(max_length=200, required=False, help_text=_("Taken from “next” or “previous” of another page."))


class CopyCampaignSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    status = serializers.CharField(help_text=_("draft, running, paused or finished."))


class CopyProductSerializer(serializers.Serializer):
    sku = serializers.CharField()
    title = serializers.CharField()


class CopySerializer(serializers.Serializer):
    """One approved text."""

    id = serializers.IntegerField(help_text=_("Number of the variant."))
    revision = serializers.IntegerField(help_text=_("Number of the approved revision."))
    text = serializers.CharField(help_text=_("Plain text, exactly as approved. Escape it for where you show it."))
    sha256 = serializers.CharField(help_text=_("SHA-256 of the text's UTF-8 bytes, in hex."))
    language = serializers.CharField()
    channel = serializers.CharField(help_text=_("Key of the channel."))
    campaign = CopyCampaignSerializer()
    product = CopyProductSerializer(allow_null=True)
    segment = serializers.CharField(allow_null=True, help_text=_("Short name of the audience segment."))
    ai = AiSerializer(help_text=AI_HELP)
    approved_at = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()


class CopyPageSerializer(serializers.Serializer):
    next = serializers.CharField(allow_null=True, help_text=_("URL of the next page."))
    previous = serializers.CharField(allow_null=True, help_text=_("URL of the page before."))
    results = CopySerializer(many=True)
