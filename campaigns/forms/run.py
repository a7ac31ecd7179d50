"""The filter of the list of runs."""

from __future__ import annotations

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from copystudio.db import JobStatus
from generation.models import GenerationRun


class RunFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        label=_("Search"), field_name="label", lookup_expr="icontains", max_length=200, widget=forms.SearchInput
    )
    status = django_filters.ChoiceFilter(label=_("Status"), choices=JobStatus.choices, empty_label=_("All"))

    class Meta:
        model = GenerationRun
        fields = ["q", "status"]
