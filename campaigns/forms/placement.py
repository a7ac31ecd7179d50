"""Forms of placements."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from campaigns.models import Channel, Placement, Variant
from copystudio.models import Workspace

LARGEST_ID = 2**63 - 1


class PlacementForm(forms.Form):
    """A placement; ``slug`` only for a new one, shops ask by it."""

    name = forms.CharField(label=_("Name"), max_length=120)
    slug = forms.CharField(
        label=_("Name in the API"),
        max_length=80,
        help_text=_("The shop asks by this name, so it cannot be changed later. Example: home-hero."),
    )
    channel = forms.ModelChoiceField(
        label=_("Channel"),
        queryset=None,
        empty_label=_("Choose …"),
        help_text=_("Only copy of this channel can be served here."),
    )
    fallback_text = forms.CharField(
        label=_("Fallback text"),
        max_length=2000,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "Shown while there is no approved copy of a running campaign. Nobody reviews it, and it is not counted."
        ),
    )

    def __init__(self, *args: Any, workspace: Workspace, placement: Placement | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wanted = Q(is_current=True) | Q(pk=placement.channel_id if placement else None)
        channels = Channel.objects.filter(wanted, workspace=workspace)
        self.fields["channel"].queryset = channels  # type: ignore[attr-defined]
        if placement is not None:
            del self.fields["slug"]

    @classmethod
    def initial_of(cls, placement: Placement) -> dict[str, object]:
        return {name: getattr(placement, name) for name in ("name", "channel", "fallback_text")}


class AssignForm(forms.Form):
    """Which variant to serve; ``stop`` to serve the fallback text."""

    variant = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    stop = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if bool(data.get("variant")) == bool(data.get("stop")):
            raise forms.ValidationError(_("Choose the copy to serve."))
        return data


class AssignableFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("Search"), method="by_text", max_length=200, widget=forms.SearchInput)

    class Meta:
        model = Variant
        fields = ["q"]

    def by_text(self, rows: QuerySet[Variant], name: str, value: str) -> QuerySet[Variant]:
        text = value.strip()
        found = Q(approved_revision__text__icontains=text) | Q(campaign__name__icontains=text)
        return rows.filter(found | Q(product__title__icontains=text)) if text else rows
