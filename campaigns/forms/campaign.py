"""Forms of campaigns."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from campaigns.selectors.catalogue import brands
from copystudio.models import Workspace


class CampaignForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=160)
    brand = forms.ModelChoiceField(
        label=_("Brand"),
        queryset=None,
        required=False,
        empty_label=_("No brand"),
        help_text=_("Its voice and its must and never words apply to every text of the campaign."),
    )
    goal = forms.CharField(
        label=_("Goal"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What it is for. Numbers that stand here may be used in copy."),
    )
    starts_on = forms.DateField(
        label=_("Starts on"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ends_on = forms.DateField(
        label=_("Ends on"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["brand"].queryset = brands(workspace)  # type: ignore[attr-defined]

    @classmethod
    def initial_of(cls, campaign: Campaign) -> dict[str, object]:
        return {name: getattr(campaign, name) for name in cls.base_fields}


class CampaignFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        label=_("Search"), field_name="name", lookup_expr="icontains", max_length=160, widget=forms.SearchInput
    )
    status = django_filters.ChoiceFilter(label=_("Status"), choices=Campaign.Status.choices, empty_label=_("All"))

    class Meta:
        model = Campaign
        fields = ["q", "status"]
