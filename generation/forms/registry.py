"""Forms of model versions, base models and votes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from copystudio.models import Workspace
from generation.models import LanguageModel, ModelVersion

CHOICES = [("first", _("The first is better")), ("second", _("The second is better")), ("same", _("No difference"))]


class VersionFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(label=_("Status"), choices=ModelVersion.Status.choices, empty_label=_("All"))
    language_model = django_filters.ModelChoiceFilter(
        label=_("Base model"), queryset=LanguageModel.objects.none(), empty_label=_("All")
    )

    class Meta:
        model = ModelVersion
        fields = ["status", "language_model"]

    def __init__(self, data: QueryDict, *, queryset: QuerySet[ModelVersion], workspace: Workspace) -> None:
        super().__init__(data, queryset=queryset)
        self.filters["language_model"].queryset = LanguageModel.objects.filter(workspace=workspace).order_by("name")


class PromoteForm(forms.Form):
    """Whether a reason is needed, the service decides: it depends on the gates as they stand then."""

    reason = forms.CharField(
        label=_("Why it is to write all the same"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept with the change, for whoever asks later."),
    )


class RollBackForm(forms.Form):
    """``leaving`` is the version that the person saw writing."""

    leaving = forms.ModelChoiceField(queryset=ModelVersion.objects.none())

    def __init__(self, data: QueryDict, *, workspace: Workspace) -> None:
        super().__init__(data)
        leaving: Any = self.fields["leaving"]
        leaving.queryset = ModelVersion.objects.filter(workspace=workspace)


class BaseForm(forms.Form):
    """A folder of those that lie there, or a name on the hub; the service puts what it fetches into a folder too."""

    folder = forms.ChoiceField(
        label=_("Folder"),
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": _("There is no such folder to choose.")},
    )
    hub = forms.RegexField(
        label=_("Or a name on the Hugging Face hub"),
        regex=r"^[\w.-]+/[\w.-]+$",
        max_length=96,
        required=False,
        error_messages={"invalid": _("Write it as owner/name: letters, digits, dot, dash and underscore.")},
    )
    name = forms.CharField(
        label=_("Name"), max_length=120, required=False, help_text=_("Left empty, it is called as its folder.")
    )
    licence = forms.CharField(
        label=_("Licence"), max_length=120, help_text=_("As its maker calls it, such as Apache-2.0.")
    )
    licence_url = forms.URLField(
        label=_("Licence text"), max_length=200, required=False, assume_scheme="https", help_text=_("Its address.")
    )

    def __init__(self, data: QueryDict | None = None, *, folders: Iterable[str]) -> None:
        super().__init__(data)
        fields: dict[str, Any] = self.fields
        fields["folder"].choices = [(name, name) for name in folders]
        fields["hub"].help_text = (
            _("owner/name. It is fetched into the model folder; a page shows how far that is.")
            if settings.MODEL_HUB
            else _("owner/name. Only what is in this machine's cache is found: fetching is off (MODEL_HUB).")
        )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and bool(values.get("folder")) == bool(values.get("hub")):
            self.add_error("folder", _("Choose a folder, or give a name on the hub."))
        return values


class VoteForm(forms.Form):
    position = forms.IntegerField(min_value=0, max_value=10_000, widget=forms.HiddenInput)
    choice = forms.ChoiceField(label=_("Which is better?"), choices=CHOICES, widget=forms.RadioSelect)
