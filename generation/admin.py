"""Models and training in the Django admin: to read, with the actions of their pages. Each is its service's to allow."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from copystudio.admin import OperatorRequest, ReadOnlyAdmin, act_on_each, filter_by, shown, site
from copystudio.errors import Text
from copystudio.models import Workspace
from generation.engine.training.config import TrainConfig
from generation.forms.training import MOST_MINUTES, RECIPE_CHOICES, RECIPES, WINDOWS
from generation.models import Evaluation, LanguageModel, ModelVersion, TrainingRun
from generation.services.evaluation import evaluation_start
from generation.services.registry import model_version_promote, model_version_roll_back
from generation.services.training import training_cancel, training_resume, training_start

LABELS: dict[str, Text] = {
    "adapter_sha256": gettext_lazy("SHA-256 of the adapter"),
    "against": gettext_lazy("Compared with"),
    "attempt": gettext_lazy("Attempt"),
    "base_sha256": gettext_lazy("SHA-256 of the base"),
    "best_loss": gettext_lazy("Lowest held-out loss"),
    "config": gettext_lazy("Settings"),
    "created_at": gettext_lazy("Created"),
    "created_by": gettext_lazy("By"),
    "data_counts": gettext_lazy("Examples by source"),
    "data_sha256": gettext_lazy("SHA-256 of the data"),
    "error_code": gettext_lazy("Error"),
    "error_params": gettext_lazy("Error in detail"),
    "excluded": gettext_lazy("Left out"),
    "finished_at": gettext_lazy("Finished"),
    "folder": gettext_lazy("Folder"),
    "is_scheduled": gettext_lazy("Started by the schedule"),
    "label": gettext_lazy("Name"),
    "language_model": gettext_lazy("Base model"),
    "licence": gettext_lazy("Licence"),
    "licence_url": gettext_lazy("Licence text"),
    "lineage": gettext_lazy("Where it comes from"),
    "name": gettext_lazy("Name"),
    "number": gettext_lazy("Version"),
    "parent": gettext_lazy("Goes on from"),
    "passed": gettext_lazy("Passed every gate"),
    "promoted_at": gettext_lazy("Promoted"),
    "prompt_template": gettext_lazy("Prompt template"),
    "results": gettext_lazy("Results"),
    "since": gettext_lazy("Data from"),
    "started_at": gettext_lazy("Started"),
    "status": gettext_lazy("Status"),
    "template": gettext_lazy("Prompt template"),
    "until": gettext_lazy("Data until"),
    "version": gettext_lazy("Model version"),
    "with_corpus": gettext_lazy("With the starter corpus"),
    "workspace": gettext_lazy("Workspace"),
}
WORKSPACE = filter_by("workspace", LABELS["workspace"], admin.RelatedFieldListFilter)
STATUS = filter_by("status", LABELS["status"], admin.ChoicesFieldListFilter)
PASSED = filter_by("passed", LABELS["passed"], admin.BooleanFieldListFilter)


def labelled(*names: str) -> tuple[Any, ...]:
    return tuple(shown(name, LABELS[name]) for name in names)


class TrainingActionForm(ActionForm):
    """What a training started here is told: a recipe, how far back its data go, and when it stops by itself."""

    recipe = forms.ChoiceField(label=gettext_lazy("Recipe"), choices=RECIPE_CHOICES, initial="standard", required=False)
    window = forms.ChoiceField(label=gettext_lazy("Data from use"), choices=WINDOWS, required=False)
    minutes = forms.IntegerField(
        label=gettext_lazy("Time budget in minutes"), min_value=1, max_value=MOST_MINUTES, required=False
    )

    @property
    def config(self) -> TrainConfig:
        config, minutes = RECIPES[self.cleaned_data["recipe"] or "standard"][1], self.cleaned_data["minutes"]
        return replace(config, time_budget=60.0 * minutes) if minutes else config

    @property
    def since(self) -> datetime | None:
        days = self.cleaned_data["window"]
        return timezone.now() - timedelta(days=int(days)) if days else None


@admin.register(LanguageModel, site=site)
class LanguageModelAdmin(ReadOnlyAdmin):
    list_display = labelled("name", "workspace", "folder", "licence", "created_at")
    fields = readonly_fields = labelled("name", "workspace", "folder", "licence", "licence_url", "created_at")
    list_filter = (WORKSPACE,)
    list_select_related = ("workspace",)
    search_fields = ("name", "folder")
    action_form = TrainingActionForm
    actions = ("start_training",)

    @admin.action(description=gettext_lazy("Start training over this base"))
    def start_training(self, request: OperatorRequest, rows: QuerySet[LanguageModel]) -> None:
        """Over what the workspace's people approved in the window and the starter corpus."""
        form = TrainingActionForm(request.POST, auto_id=False)
        form.fields["action"].choices = self.get_action_choices(request)  # type: ignore[attr-defined]
        form.is_valid()  # it is: Django has asked the same form before it calls an action

        def start(model: LanguageModel) -> Text:
            run, is_new = training_start(
                actor=request.user,
                workspace=model.workspace,
                label="",
                language_model=model,
                config=form.config,
                since=form.since,
            )
            said = _("training “%(label)s” is queued.") if is_new else _("training “%(label)s” is open already.")
            return said % {"label": run.label}

        act_on_each(request, rows, start)


class VersionActionForm(ActionForm):
    reason = forms.CharField(label=gettext_lazy("Reason, where gates did not pass:"), required=False, max_length=500)


@admin.register(ModelVersion, site=site)
class ModelVersionAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__", *labelled("name", "workspace", "status", "prompt_template", "promoted_at", "created_at"),
    )  # fmt: skip
    fields = readonly_fields = labelled(
        "language_model", "number", "name", "workspace", "status", "prompt_template", "folder", "adapter_sha256",
        "base_sha256", "parent", "lineage", "created_by", "promoted_at", "created_at",
    )  # fmt: skip
    list_filter = (STATUS, WORKSPACE)
    list_select_related = ("workspace", "language_model")
    search_fields = ("name", "language_model__name", "folder")
    action_form = VersionActionForm
    actions = ("promote", "roll_back", "measure")

    @admin.action(description=gettext_lazy("Promote"))
    def promote(self, request: OperatorRequest, rows: QuerySet[ModelVersion]) -> None:
        reason = request.POST.get("reason", "")

        def promote(version: ModelVersion) -> Text:
            model_version_promote(actor=request.user, version=version, reason=reason)
            return _("it writes from now on.")

        act_on_each(request, rows, promote)

    @admin.action(description=gettext_lazy("Roll back to the former version of its workspace"))
    def roll_back(self, request: OperatorRequest, rows: QuerySet[ModelVersion]) -> None:
        def roll_back(workspace: Workspace) -> Text:
            version = model_version_roll_back(actor=request.user, workspace=workspace)
            return _("%(version)s writes again.") % {"version": version}

        chosen = Workspace.objects.filter(pk__in=rows.values("workspace")).order_by("pk")
        act_on_each(request, chosen, roll_back)

    @admin.action(description=gettext_lazy("Measure"))
    def measure(self, request: OperatorRequest, rows: QuerySet[ModelVersion]) -> None:
        def measure(version: ModelVersion) -> Text:
            evaluation_start(actor=request.user, version=version)
            return _("its measuring is queued.")

        act_on_each(request, rows, measure)


@admin.register(TrainingRun, site=site)
class TrainingRunAdmin(ReadOnlyAdmin):
    list_display = (
        *labelled("label", "workspace", "language_model", "status"), "progress", *labelled("created_by", "created_at"),
    )  # fmt: skip
    fields = readonly_fields = (
        *labelled("label", "workspace", "language_model", "parent", "status"), "progress",
        *labelled(
            "error_code", "error_params", "best_loss", "config", "template", "with_corpus", "since", "until", "is_scheduled",
            "data_sha256", "data_counts", "excluded", "version", "attempt", "created_by", "created_at", "started_at",
            "finished_at",
        ),
    )  # fmt: skip
    list_filter = (STATUS, WORKSPACE)
    list_select_related = ("workspace", "language_model", "created_by")
    search_fields = ("label",)
    actions = ("cancel", "resume")

    @admin.display(description=gettext_lazy("Progress"))
    def progress(self, run: TrainingRun) -> str:
        return f"{run.percent} %"

    @admin.action(description=gettext_lazy("Cancel"))
    def cancel(self, request: OperatorRequest, rows: QuerySet[TrainingRun]) -> None:
        def cancel(run: TrainingRun) -> Text:
            training_cancel(actor=request.user, run=run)
            return _("it stops after the present step; the last checkpoint stays.")

        act_on_each(request, rows, cancel)

    @admin.action(description=gettext_lazy("Resume"))
    def resume(self, request: OperatorRequest, rows: QuerySet[TrainingRun]) -> None:
        def resume(run: TrainingRun) -> Text:
            training_resume(actor=request.user, run=run)
            return _("it goes on from its last checkpoint.")

        act_on_each(request, rows, resume)


@admin.register(Evaluation, site=site)
class EvaluationAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__", *labelled("workspace", "status", "passed", "created_by", "created_at", "finished_at"),
    )  # fmt: skip
    # without the samples: whose text is whose would no longer be blind
    fields = readonly_fields = labelled(
        "version", "against", "workspace", "status", "passed", "results", "error_code", "error_params", "created_by",
        "created_at", "started_at", "finished_at",
    )  # fmt: skip
    list_filter = (STATUS, PASSED, WORKSPACE)
    list_select_related = ("workspace", "version__language_model", "created_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("samples", "results")
