"""Starting a training from a form, with what it comes to: the same on the studio's page and in the Django admin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from copystudio.errors import InvalidInputError, StudioError
from copystudio.forms import add_errors
from copystudio.http import redirect
from copystudio.models import User, Workspace
from generation.forms.training import TrainingForm
from generation.models import LanguageModel, ModelVersion, TrainingRun
from generation.selectors.training import training_open
from generation.selectors.training_estimate import Estimate, training_estimate
from generation.services.training import training_start

ESTIMATE = "generation/training/partials/estimate.html"


def asked(request: HttpRequest, workspace: Workspace, base: LanguageModel | None = None) -> TrainingForm:
    """The form with what was filled in so far, or as it is proposed: over ``base``, or over the base that writes now."""
    if "recipe" in request.GET:
        return TrainingForm(request.GET, workspace=workspace, base=base)
    active = ModelVersion.objects.filter(workspace=workspace, status=ModelVersion.Status.ACTIVE).first()
    initial = TrainingForm.initial_of(active) | ({"language_model": base.pk} if base else {})
    return TrainingForm(initial=initial, workspace=workspace, base=base)


def looks(request: HttpRequest) -> bool:
    """Whether a browser without scripts asks what it comes to."""
    return request.method == "POST" and "look" in request.POST


def look(request: HttpRequest, here: str) -> HttpResponse:
    """The same page with what it comes to, at an address of its own."""
    wanted = request.POST.copy()
    for name in ("look", "csrfmiddlewaretoken"):
        wanted.pop(name, None)
    return redirect(request, f"{here}?{wanted.urlencode()}")


@dataclass(frozen=True)
class Started:
    """``run`` is None where the form now says what stands against it; ``status`` is that answer's."""

    run: TrainingRun | None
    is_new: bool = False
    status: int = 422


def start(form: TrainingForm, *, actor: User, workspace: Workspace) -> Started:
    """Start what the form asks for. A refusal that is about what was filled in, or a conflict, goes to the form."""
    if not form.is_valid():
        return Started(None)
    data, days = form.cleaned_data, form.days
    try:
        run, is_new = training_start(
            actor=actor,
            workspace=workspace,
            label=data["label"],
            language_model=data["language_model"],
            parent=data["parent"],
            config=form.own_config,
            since=timezone.now() - timedelta(days=days) if days else None,
            with_corpus=data["with_corpus"],
            scope=data["scope"],
        )
    except InvalidInputError as error:
        add_errors(form, error)
        return Started(None)
    except StudioError as error:
        if error.status != 409:
            raise
        form.add_error(None, str(error.message))
        return Started(None, status=error.status)
    return Started(run, is_new)


def form_context(form: TrainingForm, workspace: Workspace) -> dict[str, Any]:
    wrong = [form[name].label for name in form.errors if name in form.fields]
    return {
        "form": form,
        "estimate": _estimate_of(form, workspace),
        "config": form.own_config,
        "wrong": wrong,
        "open_run": training_open(workspace),
    }


def _estimate_of(form: TrainingForm, workspace: Workspace) -> Estimate:
    """Of what was filled in so far; before the first change, of what the form proposes."""
    if form.is_bound:
        form.is_valid()
        base, days = form.cleaned_data.get("language_model"), form.days
        with_corpus, scope = bool(form.cleaned_data.get("with_corpus")), form.cleaned_data.get("scope", "")
    else:
        base = form.fields["language_model"].queryset.filter(pk=form.initial["language_model"]).first()  # type: ignore[attr-defined]
        days, with_corpus, scope = None, True, ""
    return training_estimate(
        workspace=workspace,
        language_model=base,
        config=form.own_config,
        days=days,
        with_corpus=with_corpus,
        scope=scope,
    )
