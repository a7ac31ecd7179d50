"""Forms of training: the filter of the list, starting one, and the schedule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import django_filters
from django import forms
from django.forms import BoundField
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from copystudio.db import JobStatus
from copystudio.errors import Text
from copystudio.models import Workspace
from generation.engine.training.config import TrainConfig
from generation.models import LanguageModel, ModelVersion, TrainingRun, TrainingSchedule
from generation.services.snapshot import data_scopes

RECIPES: dict[str, tuple[Text, TrainConfig]] = {
    "quick": (_("Quick: 1 epoch, to see whether it helps"), TrainConfig(epochs=1)),
    "standard": (_("Standard: 3 epochs"), TrainConfig(epochs=3)),
    "thorough": (_("Thorough: 5 epochs, rank 32, for much data of your own"), TrainConfig(epochs=5, rank=32, alpha=64)),
}
RECIPE_CHOICES = [(key, label) for key, (label, _config) in RECIPES.items()]
KEPT = "kept"  # the schedule's settings where they are none of the recipes
WINDOWS = [("", _("Everything")), ("30", _("Last 30 days")), ("90", _("Last 90 days")), ("365", _("Last 365 days"))]
MOST_MINUTES = 43_200  # of a time budget: 30 days
SCALE = 2.0  # alpha over rank, in every recipe


class TrainingFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        label=_("Search"), field_name="label", lookup_expr="icontains", max_length=120, widget=forms.SearchInput
    )
    status = django_filters.ChoiceFilter(label=_("Status"), choices=JobStatus.choices, empty_label=_("All"))

    class Meta:
        model = TrainingRun
        fields = ["q", "status"]


class VersionChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: ModelVersion) -> str:
        return f"{obj} · {obj.name}" if obj.name else str(obj)


class TrainingForm(forms.Form):
    """What to train on what. An expert setting that is left empty is the recipe's.

    With ``base`` it is asked for that base alone, and only that base's versions can be gone on from.
    """

    label = forms.CharField(
        label=_("Name"), max_length=120, required=False, help_text=_("Left empty, the date and time are its name.")
    )
    language_model = forms.ModelChoiceField(
        label=_("Base model"), queryset=LanguageModel.objects.none(), empty_label=None
    )
    parent = VersionChoice(
        label=_("Go on from version"),
        queryset=ModelVersion.objects.none(),
        required=False,
        empty_label=_("None: a fresh adapter"),
        help_text=_("A version of the same base model, whose adapter is trained further."),
    )
    scope = forms.ChoiceField(
        label=_("Copy of"),
        required=False,
        help_text=_(
            "Of one brand: only the copy of its campaigns. Its version can then be chosen to write for that brand."
        ),
    )
    window = forms.ChoiceField(
        label=_("Data from use"),
        choices=WINDOWS,
        required=False,
        help_text=_("What people approved, edited, sent back and imported in this time."),
    )
    with_corpus = forms.BooleanField(
        label=_("Learn from the starter corpus too"),
        required=False,
        help_text=_("Guards against forgetting: without it, a model that sees only your copy loses the general craft."),
    )
    recipe = forms.ChoiceField(label=_("Recipe"), choices=RECIPE_CHOICES, widget=forms.RadioSelect)
    epochs = forms.IntegerField(label=_("Epochs"), min_value=1, max_value=100, required=False)
    rank = forms.IntegerField(
        label=_("Rank"),
        min_value=1,
        max_value=256,
        required=False,
        help_text=_("Size of the adapter. One that goes on from a version keeps that version's rank."),
    )
    learning_rate = forms.FloatField(
        label=_("Learning rate"),
        min_value=1e-7,
        max_value=0.1,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    dropout = forms.FloatField(
        label=_("Dropout"), min_value=0, max_value=0.9, required=False, widget=forms.NumberInput(attrs={"step": "any"})
    )
    noise_alpha = forms.FloatField(
        label=_("Noise (NEFTune)"),
        min_value=0,
        max_value=100,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any"}),
        help_text=_("Noise on what the model reads while it learns; 5 is usual, 0 is none."),
    )
    beta = forms.FloatField(
        label=_("Preference weight (beta)"),
        min_value=0.001,
        max_value=10,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any"}),
        help_text=_("How closely preference training keeps to the model that it starts from: higher is closer."),
    )
    time_budget = forms.IntegerField(
        label=_("Time budget in minutes"),
        min_value=1,
        max_value=MOST_MINUTES,
        required=False,
        help_text=_("Training stops by itself after this time and keeps the best so far."),
    )

    search_minutes = forms.IntegerField(
        label=_("Minutes of search before it"),
        min_value=1,
        max_value=10_080,
        required=False,
        help_text=_("Tries learning rates, ranks and epochs on part of the data, and trains with the best."),
    )

    evaluations = forms.IntegerField(
        label=_("Samples in an epoch"),
        min_value=1,
        max_value=100,
        required=False,
        help_text=_("How often it writes samples, and its held-out loss is measured."),
    )

    EXPERT = (
        "epochs", "rank", "learning_rate", "dropout", "noise_alpha", "beta", "evaluations", "time_budget", "search_minutes",
    )  # fmt: skip

    def __init__(self, *args: Any, workspace: Workspace, base: LanguageModel | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bases = LanguageModel.objects.filter(workspace=workspace).order_by("name", "pk")
        adapters = (
            ModelVersion.objects.filter(workspace=workspace)
            .exclude(folder="")
            .exclude(status=ModelVersion.Status.DELETED)
        )
        if base is not None:
            bases, adapters = bases.filter(pk=base.pk), adapters.filter(language_model=base)
            self.fields["language_model"].widget = forms.HiddenInput()
        self.fields["language_model"].queryset = bases  # type: ignore[attr-defined]
        self.fields["parent"].queryset = adapters.select_related("language_model").order_by("-number")  # type: ignore[attr-defined]
        self.fields["scope"].choices = [("", _("All brands")), *data_scopes(workspace)]  # type: ignore[attr-defined]
        self.own_config: TrainConfig = RECIPES["standard"][1]

    @classmethod
    def initial_of(cls, active: ModelVersion | None) -> dict[str, Any]:
        """A standard training of the base that writes now, on everything."""
        base = active.language_model_id if active else None
        return {"language_model": base, "scope": "", "window": "", "with_corpus": True, "recipe": "standard"}

    @property
    def expert(self) -> list[BoundField]:
        return [self[name] for name in self.EXPERT]

    @property
    def is_expert(self) -> bool:
        """Whether the expert part has anything in it, so that it is shown unfolded."""
        return any(self[name].value() not in (None, "") or self[name].errors for name in self.EXPERT)

    @property
    def days(self) -> int | None:
        window = self.cleaned_data.get("window")
        return int(window) if window else None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        parent, base = data.get("parent"), data.get("language_model")
        if parent is not None and base is not None and parent.language_model_id != base.pk:
            self.add_error("parent", _("This version belongs to another base model."))
            parent = None
        self.own_config = self._config(data, parent)
        return data

    def _config(self, data: dict[str, Any], parent: ModelVersion | None) -> TrainConfig:
        """The recipe with what was filled in over it. What goes on from a version has its rank."""
        config = RECIPES[data.get("recipe") or "standard"][1]
        given = {name: data[name] for name in self.EXPERT if data.get(name) is not None}
        if "time_budget" in given:
            given["time_budget"] = 60.0 * given["time_budget"]
        if "search_minutes" in given:
            given["search_minutes"] = float(given["search_minutes"])
        if "rank" in given:
            given["alpha"] = SCALE * given["rank"]
        trained = (parent.lineage.get("config") or {}) if parent is not None else {}
        if "rank" in trained:
            if given.get("rank", trained["rank"]) != trained["rank"]:
                self.add_error("rank", _("This version has rank %(rank)d.") % {"rank": trained["rank"]})
            given |= {"rank": trained["rank"], "alpha": trained.get("alpha", SCALE * trained["rank"])}
        return replace(config, **given)


class ScheduleForm(forms.Form):
    """When the workspace trains by itself. Its base is that of the version that writes at the time."""

    is_on = forms.BooleanField(label=_("Train by schedule"), required=False)
    weekday = forms.TypedChoiceField(label=pgettext_lazy("weekday", "Day"), choices=list(WEEKDAYS.items()), coerce=int)
    hour = forms.TypedChoiceField(label=_("Hour"), choices=[(hour, f"{hour}:00") for hour in range(24)], coerce=int)
    least_new = forms.IntegerField(
        label=_("New examples at least"),
        min_value=1,
        max_value=100_000,
        help_text=_("With fewer new examples and pairs since the last training, the week is passed over."),
    )
    recipe = forms.ChoiceField(label=_("Recipe"), choices=RECIPE_CHOICES, widget=forms.RadioSelect)

    def __init__(self, *args: Any, schedule: TrainingSchedule | None, time_zone: str, **kwargs: Any) -> None:
        self.kept = schedule.config if schedule is not None else {}
        recipe = recipe_of(self.kept)
        row = schedule or TrainingSchedule()
        names = ("is_on", "weekday", "hour", "least_new")
        kwargs["initial"] = {name: getattr(row, name) for name in names} | {"recipe": recipe}
        super().__init__(*args, **kwargs)
        self.fields["hour"].help_text = _("In the time zone %(zone)s.") % {"zone": time_zone}
        if recipe == KEPT:
            self.fields["recipe"].choices = [*RECIPE_CHOICES, (KEPT, _("As set now"))]  # type: ignore[attr-defined]

    def to_config(self) -> dict[str, Any]:
        recipe = self.cleaned_data["recipe"]
        return self.kept if recipe == KEPT else RECIPES[recipe][1].to_dict()


def recipe_of(config: dict[str, Any]) -> str:
    """Which recipe these settings are; nothing set is the standard one."""
    if not config:
        return "standard"
    return next((key for key, (_label, one) in RECIPES.items() if one.to_dict() == config), KEPT)
