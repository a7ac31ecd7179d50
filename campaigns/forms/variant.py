"""Forms of variants."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns.models import AudienceSegment, Campaign, CampaignStatus, Channel, Product, Variant
from campaigns.selectors import catalogue
from campaigns.selectors.campaign import campaigns
from copystudio.models import Workspace


class TextField(forms.CharField):
    """Copy, byte for byte: nothing is trimmed. Browsers send line ends as CR LF; copy keeps LF alone."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Text"))
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 5}))
        super().__init__(strip=False, max_length=20_000, **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if isinstance(text, str) else text


class EditForm(forms.Form):
    """``base_revision`` is the number of the revision that was on screen when the person began to write."""

    text = TextField()
    base_revision = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class WriteForm(forms.Form):
    campaign = forms.ModelChoiceField(label=_("Campaign"), queryset=None, empty_label=_("Choose …"))
    channel = forms.ModelChoiceField(label=_("Channel"), queryset=None, empty_label=_("Choose …"))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    segment = forms.ModelChoiceField(
        label=_("Audience segment"), queryset=None, required=False, empty_label=_("Everybody")
    )
    sku = forms.CharField(
        label=_("SKU of the product"),
        max_length=120,
        required=False,
        help_text=_("Its facts are what the text may state."),
    )
    text = TextField()

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace = workspace
        self.fields["campaign"].queryset = campaigns(workspace).exclude(status=CampaignStatus.FINISHED)  # type: ignore[attr-defined]
        self.fields["channel"].queryset = catalogue.channels(workspace)  # type: ignore[attr-defined]
        self.fields["segment"].queryset = catalogue.segments(workspace)  # type: ignore[attr-defined]

    def clean_sku(self) -> Product | None:
        sku = self.cleaned_data["sku"].strip()
        if not sku:
            return None
        product = catalogue.products(self.workspace).filter(sku=sku).first()
        if product is None:
            raise forms.ValidationError(_("There is no product with this SKU."))
        return product


class MeasureForm(forms.Form):
    """What the live length counter sends: a text that may be anything yet, and its channel."""

    text = TextField(required=False)
    channel = forms.ModelChoiceField(queryset=None)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].queryset = Channel.objects.filter(workspace=workspace)  # type: ignore[attr-defined]


def _workspace(request: HttpRequest | None) -> Workspace:
    return request.membership.workspace  # type: ignore[union-attr]


def _campaigns(request: HttpRequest | None) -> QuerySet[Campaign]:
    return campaigns(_workspace(request))


def _channels(request: HttpRequest | None) -> QuerySet[Channel]:
    """Also former versions, as long as copy was written under them."""
    return Channel.objects.filter(workspace=_workspace(request), variants__isnull=False).distinct()


def _segments(request: HttpRequest | None) -> QuerySet[AudienceSegment]:
    return catalogue.segments(_workspace(request))


class ReviewFilter(django_filters.FilterSet):
    campaign = django_filters.ModelChoiceFilter(label=_("Campaign"), queryset=_campaigns, empty_label=_("All"))
    channel = django_filters.ModelChoiceFilter(label=_("Channel"), queryset=_channels, empty_label=_("All"))
    language = django_filters.ChoiceFilter(label=_("Language"), choices=settings.LANGUAGES, empty_label=_("All"))

    class Meta:
        model = Variant
        fields = ["campaign", "channel", "language"]


class VariantFilter(ReviewFilter):
    q = django_filters.CharFilter(
        label=_("Search"),
        field_name="current_revision__text",
        lookup_expr="icontains",
        max_length=200,
        widget=forms.SearchInput,
    )
    status = django_filters.ChoiceFilter(label=_("Status"), choices=Variant.Status.choices, empty_label=_("All"))
    segment = django_filters.ModelChoiceFilter(label=_("Audience segment"), queryset=_segments, empty_label=_("All"))

    class Meta:
        model = Variant
        fields = ["q", "status", "campaign", "channel", "language", "segment"]
