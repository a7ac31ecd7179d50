"""The form of a brief, and the part of it that the live estimate reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from campaigns.forms.fields import WordsField
from campaigns.models import Brief, Channel, Emoji, Length, Sentiment, Style
from campaigns.models.brief import MAX_PER_ITEM
from campaigns.selectors.brief import brief_channels, tags_in_use
from campaigns.selectors.catalogue import categories, channels, products, segments, vendors
from campaigns.services.brief import PLAIN, BriefData
from copystudio.errors import Text
from copystudio.models import Workspace

FILTER_FIELDS = {
    "q": "q",
    "category": "category",
    "vendor": "vendor",
    "tag": "tag",
    "price_min": "price_min",
    "price_max": "price_max",
    "skus": "skus",
    "product_language": "language",
}
MOST_SKUS = 2000


def dial(label: Any, choices: type[models.TextChoices], nothing: Text, help_text: Any) -> forms.ChoiceField:
    """One of a few values in a row of radio buttons; the first asks for nothing in particular."""
    return forms.ChoiceField(
        label=label,
        choices=[("", nothing), *choices.choices],
        required=False,
        widget=forms.RadioSelect,
        help_text=help_text,
    )


class SkusField(forms.CharField):
    """SKUs, one per line: commas and semicolons may stand in a SKU."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        skus = list(dict.fromkeys(line.strip() for line in super().clean(value).splitlines() if line.strip()))
        if len(skus) > MOST_SKUS:
            raise ValidationError(_("At most %(most)d SKUs.") % {"most": MOST_SKUS})
        for sku in skus:
            if len(sku) > 120:
                raise ValidationError(_("“%(word)s…” is longer than a SKU can be.") % {"word": sku[:20]})
        return skus


class BriefScopeForm(forms.Form):
    """Which products, for whom, where, how many: enough to say how many texts it comes to."""

    q = forms.CharField(label=_("Search"), max_length=200, required=False, help_text=_("In title, SKU or vendor."))
    category = forms.ChoiceField(label=_("Category"), required=False)
    vendor = forms.ChoiceField(label=_("Vendor"), required=False)
    tag = forms.ChoiceField(label=_("Tag"), required=False)
    price_min = forms.DecimalField(label=_("Price from"), min_value=0, max_digits=14, decimal_places=2, required=False)
    price_max = forms.DecimalField(label=_("Price to"), min_value=0, max_digits=14, decimal_places=2, required=False)
    product_language = forms.ChoiceField(label=_("Language of the product data"), required=False)
    skus = SkusField(
        label=_("Only these SKUs"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One per line."),
    )
    segments = forms.ModelMultipleChoiceField(
        label=_("Audience segments"),
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each gets its own texts. Without a segment the copy is written for everybody."),
    )
    channels = forms.ModelMultipleChoiceField(
        label=_("Channels"),
        queryset=None,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Several of one platform, such as headline and description, are written to be read together."),
        error_messages={"required": _("Choose at least one channel.")},
    )
    count = forms.IntegerField(
        label=_("Texts for each"),
        min_value=1,
        max_value=MAX_PER_ITEM,
        initial=4,
        help_text=_("For every product, segment and channel."),
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._workspace = workspace
        self.fields["segments"].queryset = segments(workspace)  # type: ignore[attr-defined]
        self.fields["channels"].queryset = channels(workspace)  # type: ignore[attr-defined]
        for name, values in (("category", categories), ("vendor", vendors), ("tag", tags_in_use)):
            self._offer(name, values(workspace))
        self.fields["product_language"].choices = [("", _("Any")), *settings.LANGUAGES]  # type: ignore[attr-defined]

    def _offer(self, name: str, values: Iterable[str]) -> None:
        """The values in use, and the one that the brief already has, even where no product has it any more."""
        kept = str(self.initial.get(name) or "")
        known = list(values)
        if kept and kept not in known:
            known.append(kept)
        self.fields[name].choices = [("", _("Any")), *((value, value) for value in known)]  # type: ignore[attr-defined]

    def clean_skus(self) -> list[str]:
        """Refuses what is no product's: a slip of the pen would leave a product out without a word."""
        skus: list[str] = self.cleaned_data["skus"]
        known = set(products(self._workspace).filter(sku__in=skus).values_list("sku", flat=True)) if skus else set()
        if unknown := [sku for sku in skus if sku not in known]:
            raise ValidationError(_("No product has the SKU “%(name)s”.") % {"name": unknown[0]})
        return skus

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        least, most = data.get("price_min"), data.get("price_max")
        if least is not None and most is not None and most < least:
            self.add_error("price_max", _("This is below “Price from”."))
        return data

    @property
    def product_filter(self) -> dict[str, Any]:
        """What was filled in, as ``products_matching`` reads it and JSON keeps it."""
        values = {key: self.cleaned_data.get(name) for name, key in FILTER_FIELDS.items()}
        for key in ("price_min", "price_max"):
            values[key] = str(values[key]) if values[key] is not None else None
        return {key: value for key, value in values.items() if value not in (None, "", [])}

    def channel_groups(self) -> list[tuple[str, list[tuple[Any, Channel]]]]:
        """The channels' checkboxes by platform, each with its channel, whose limit and unit stand beside it."""
        bound: BoundField = self["channels"]
        found = Channel.objects.in_bulk([int(str(box.data["value"])) for box in bound])
        boxes = [(box, found[int(str(box.data["value"]))]) for box in bound]
        boxes.sort(key=lambda pair: (pair[1].platform.casefold(), pair[1].name))
        return [(name, list(group)) for name, group in groupby(boxes, key=lambda pair: pair[1].platform_name)]


def filter_words(product_filter: Mapping[str, Any]) -> list[tuple[Text, str]]:
    """A stored product filter as labels and values, in the order of the form."""
    values = {name: product_filter.get(key) for name, key in FILTER_FIELDS.items()}
    languages = dict(settings.LANGUAGES)
    return [
        (
            BriefScopeForm.base_fields[name].label or name,
            str(_(", ")).join(value[:20]) if isinstance(value, list) else str(languages.get(value, value)),
        )
        for name, value in values.items()
        if value
    ]


class BriefForm(BriefScopeForm):
    name = forms.CharField(label=_("Name"), max_length=160)
    language = forms.ChoiceField(label=_("Language of the copy"), choices=settings.LANGUAGES)
    style = dial(_("Style"), Style, _("As it comes"), _("From calm to lively: how the copy sounds."))
    tone = forms.CharField(
        label=_("More about the tone"),
        max_length=120,
        required=False,
        help_text=_("In your own words. With no style and nothing here, the segment's or the brand's tone counts."),
    )
    sentiment = dial(
        _("Sentiment"), Sentiment, _("Any"), _("Of the texts that pass, those that feel like this are chosen first.")
    )
    length = dial(
        _("Length"),
        Length,
        _("Any"),
        _(
            "Short uses about 45 %, medium 70 % and long 95 % of what is advised in the channel. With any, a text of the "
            "studio's own model is as long as its leading facts carry: it is surest when it is brief."
        ),
    )
    emoji = dial(_("Emoji"), Emoji, _("Any"), _("Texts that do not keep to it are dropped."))
    must_words = WordsField(
        label=_("Must words"), help_text=_("Texts without them are dropped. One per line, or with commas.")
    )
    never_words = WordsField(
        label=_("Never words"), help_text=_("Texts with them are dropped. One per line, or with commas.")
    )
    instructions = forms.CharField(
        label=_("Instructions"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Anything else the writer should know. Numbers that stand here may be used in copy."),
    )

    @classmethod
    def initial_of(cls, brief: Brief) -> dict[str, Any]:
        chosen = {name: brief.product_filter.get(key) for name, key in FILTER_FIELDS.items()}
        return {
            **chosen,
            **{name: getattr(brief, name) for name in (*PLAIN, "must_words", "never_words")},
            "segments": list(brief.segments.all()),
            "channels": brief_channels(brief),
        }

    def to_data(self) -> BriefData:
        data = self.cleaned_data
        return BriefData(
            product_filter=self.product_filter,
            segments=list(data["segments"]),
            channels=list(data["channels"]),
            **{name: data[name] for name in (*PLAIN, "must_words", "never_words")},
        )
