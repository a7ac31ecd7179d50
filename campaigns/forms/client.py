"""Forms of API clients."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Scope

OVERLAPS = {"0": dt.timedelta(0), "1": dt.timedelta(hours=1), "24": dt.timedelta(days=1), "168": dt.timedelta(days=7)}


class ClientForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("The shop or system that uses the key, such as “Web shop”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("The key may"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    expires_on = forms.DateField(
        label=_("Expires after"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The last day on which the key works. Left empty, it works until it is revoked."),
    )

    def clean_expires_on(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["expires_on"]
        if day is not None and not timezone.localdate() <= day <= dt.date(2999, 12, 31):
            raise forms.ValidationError(_("The key cannot expire in the past."))
        return day

    def expires_at(self) -> dt.datetime | None:
        """The end of the chosen day in the studio's time zone."""
        day: dt.date | None = self.cleaned_data["expires_on"]
        if day is None:
            return None
        return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min))


class RotateForm(forms.Form):
    overlap = forms.ChoiceField(
        label=_("The old key"),
        choices=[
            ("0", _("is refused at once")),
            ("1", _("works for another hour")),
            ("24", _("works for another day")),
            ("168", _("works for another week")),
        ],
        initial="24",
    )

    def overlap_time(self) -> dt.timedelta:
        return OVERLAPS[self.cleaned_data["overlap"]]
