"""Filters of the list of runs and of the texts of one, and the form that adopts many."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from campaigns.selectors.run import PAUSED, runs_in_state
from campaigns.selectors.run_results import EVERYBODY, Scope, Wanted
from campaigns.services.adopt import MOST
from copystudio.db import OPEN_STATUSES, JobStatus
from generation.models import GenerationRun

STATES = list(JobStatus.choices)
STATES.insert(len(OPEN_STATUSES), (PAUSED, _("Paused")))


class RunFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        label=_("Search"), field_name="label", lookup_expr="icontains", max_length=200, widget=forms.SearchInput
    )
    status = django_filters.ChoiceFilter(label=_("Status"), choices=STATES, empty_label=_("All"), method="in_state")

    class Meta:
        model = GenerationRun
        fields = ["q", "status"]

    def in_state(self, rows: QuerySet[GenerationRun], _name: str, state: str) -> QuerySet[GenerationRun]:
        return runs_in_state(rows, state)


class ResultsForm(forms.Form):
    """Which texts of a run. What cannot be read narrows nothing down: a link of yesterday still shows the run."""

    q = forms.CharField(
        label=_("Product"), max_length=200, required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    segment = forms.ChoiceField(label=_("Segment"), required=False)
    channel = forms.ChoiceField(label=_("Channel"), required=False)
    show = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[
            ("", _("All texts")),
            ("findings", _("With findings")),
            ("clean", _("Without findings")),
            ("adopted", _("Adopted")),
            ("open", _("Not adopted")),
        ],
    )

    def __init__(self, *args: Any, scope: Scope, **options: Any) -> None:
        super().__init__(*args, **options)
        segments = [(str(one.pk), one.name) if one else (EVERYBODY, _("Everybody")) for one in scope.segments]
        self._choose("segment", [("", _("All")), *segments])
        self._choose("channel", [("", _("All")), *((str(one.pk), one.name) for one in scope.channels)])

    def _choose(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @property
    def wanted(self) -> Wanted:
        self.is_valid()
        said = {name: str(self.cleaned_data.get(name) or "") for name in ("q", "segment", "channel", "show")}
        return Wanted(q=said["q"], segment=said["segment"], channel=said["channel"], show=said["show"])


class NumbersField(forms.Field):
    """Some ids, each in a field of its own: a row of check boxes."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[int]:
        found = list(value or [])
        if not all(str(one).isdecimal() and len(str(one)) < 18 for one in found):
            raise ValidationError(_("This is no number."))
        return [int(one) for one in found]


class AdoptForm(ResultsForm):
    """Adopt the texts that are named, or the best one of every item of those that the filter finds."""

    candidate = NumbersField(required=False)
    most = forms.IntegerField(min_value=1, max_value=MOST, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            if not isinstance(field, NumbersField):
                field.widget = forms.HiddenInput()
