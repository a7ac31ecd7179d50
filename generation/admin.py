"""Models and training in the Django admin: to read, with the actions of their pages. Each is its service's to allow."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from copystudio.admin import OperatorRequest, ReadOnlyAdmin, act_on_each, filter_by, refusal, shown, site
from copystudio.errors import StudioError, Text
from copystudio.http import redirect, render
from copystudio.models import Workspace
from generation.forms.training import TrainingForm
from generation.models import Evaluation, LanguageModel, ModelVersion, TrainingRun
from generation.selectors.registry import active_version
from generation.selectors.training import scope_name
from generation.services.evaluation import evaluation_start
from generation.services.registry import model_version_promote, model_version_roll_back
from generation.services.training import training_cancel, training_resume
from generation.views.training_start import ESTIMATE, asked, form_context, look, looks, start

LABELS: dict[str, Text] = {
    "adapter_sha256": gettext_lazy("SHA-256 of the adapter"),
    "against": gettext_lazy("Compared with"),
    "attempt": gettext_lazy("Attempt"),
    "base_sha256": gettext_lazy("SHA-256 of the base"),
    "best_loss": gettext_lazy("Held-out loss"),
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
    "since": gettext_lazy("Data from"),
    "started_at": gettext_lazy("Started"),
    "status": gettext_lazy("Status"),
    "template": gettext_lazy("Prompt template"),
    "until": gettext_lazy("Data until"),
    "version": gettext_lazy("Model version"),
    "with_corpus": gettext_lazy("With the starter corpus"),
    "workspace": gettext_lazy("Workspace"),
}
TRAIN = "generation_languagemodel_train"
WORKSPACE = filter_by("workspace", LABELS["workspace"], admin.RelatedFieldListFilter)
STATUS = filter_by("status", LABELS["status"], admin.ChoicesFieldListFilter)
PASSED = filter_by("passed", LABELS["passed"], admin.BooleanFieldListFilter)


def labelled(*names: str) -> tuple[Any, ...]:
    return tuple(shown(name, LABELS[name]) for name in names)


@admin.register(LanguageModel, site=site)
class LanguageModelAdmin(ReadOnlyAdmin):
    list_display = labelled("name", "workspace", "folder", "licence", "created_at")
    fields = readonly_fields = labelled("name", "workspace", "folder", "licence", "licence_url", "created_at")
    list_filter = (WORKSPACE,)
    list_select_related = ("workspace",)
    search_fields = ("name", "folder")
    actions = ("start_training",)

    def get_urls(self) -> list[URLPattern]:
        train = require_http_methods(["GET", "HEAD", "POST"])(self.train_view)
        guarded = self.admin_site.admin_view(train)
        return [*super().get_urls(), path("<path:object_id>/train/", guarded, name=TRAIN)]

    @admin.action(description=gettext_lazy("Start training over this base"))
    def start_training(self, request: OperatorRequest, rows: QuerySet[LanguageModel]) -> HttpResponse | None:
        """To the page that asks for the rest and says what it comes to."""
        if len(rows) == 1:
            return redirect(request, reverse(f"admin:{TRAIN}", args=[rows[0].pk]))
        messages.error(request, _("Choose one base model: each training is set up by itself."))
        return None

    def train_view(self, request: OperatorRequest, object_id: str) -> HttpResponse:
        """The studio's own form over this base and its service, with the role that one has in its workspace."""
        base = self.get_object(request, object_id)
        if base is None:
            raise Http404
        workspace, here = base.workspace, reverse(f"admin:{TRAIN}", args=[base.pk])
        if looks(request):
            return look(request, here)
        form, status = asked(request, workspace, base), 200
        if request.method == "POST":
            form = TrainingForm(request.POST, workspace=workspace, base=base)
            try:
                started = start(form, actor=request.user, workspace=workspace)
            except StudioError as error:
                messages.error(request, f"{base} · {workspace}: {refusal(error)}")
                return redirect(request, reverse("admin:generation_languagemodel_changelist"))
            if started.run is not None:
                said = (
                    _("training “%(label)s” is queued.")
                    if started.is_new
                    else _("training “%(label)s” is open already.")
                )
                messages.success(request, f"{base} · {workspace}: {said % {'label': started.run.label}}")
                return redirect(request, reverse("admin:generation_trainingrun_change", args=[started.run.pk]))
            status = started.status
        about = {"title": _("Start a training"), "opts": self.opts, "base": base, "here": here}
        context = self.admin_site.each_context(request) | about | form_context(form, workspace)
        return render(request, "admin/generation/train.html", context, fragment=ESTIMATE, status=status)


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
            left = active_version(workspace)
            version = model_version_roll_back(actor=request.user, workspace=workspace, leaving=left)
            if left is None:
                return _("%(version)s writes again.") % {"version": version}
            return _("%(version)s writes again instead of %(left)s.") % {"version": version, "left": left}

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
        *labelled("error_code", "error_params", "best_loss", "config", "template", "with_corpus"), "data_of",
        *labelled(
            "since", "until", "is_scheduled", "data_sha256", "data_counts", "excluded", "version", "attempt",
            "created_by", "created_at", "started_at", "finished_at",
        ),
    )  # fmt: skip
    list_filter = (STATUS, WORKSPACE)
    list_select_related = ("workspace", "language_model", "created_by")
    search_fields = ("label",)
    actions = ("cancel", "resume")

    @admin.display(description=gettext_lazy("Progress"))
    def progress(self, run: TrainingRun) -> str:
        return f"{run.percent} %"

    @admin.display(description=gettext_lazy("Data of"))
    def data_of(self, run: TrainingRun) -> str:
        return scope_name(run) or _("All brands")

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
    fields = readonly_fields = (
        *labelled("version", "against", "workspace", "status", "passed"), "figures",
        *labelled("error_code", "error_params", "created_by", "created_at", "started_at", "finished_at"),
    )  # fmt: skip
    list_filter = (STATUS, PASSED, WORKSPACE)
    list_select_related = ("workspace", "version__language_model", "created_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("samples", "results")

    @admin.display(description=gettext_lazy("Results"))
    def figures(self, evaluation: Evaluation) -> str:
        """Every figure, without the texts of each version: they would tell whose is whose, too."""
        found = {
            name: {key: value for key, value in one.items() if key != "texts"} if isinstance(one, dict) else one
            for name, one in evaluation.results.items()
        }
        return json.dumps(found, ensure_ascii=False, indent=1) if found else "–"
