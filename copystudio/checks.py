"""System checks: each with an id and what to do. ``manage.py check --deploy`` adds Django's own."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db.models import Model, UniqueConstraint


@register(Tags.database)
def database_engine(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        return [
            Error(
                "The database is not PostgreSQL.",
                hint="Point DATABASE_URL at PostgreSQL 15 or newer: locks and constraints depend on it.",
                id="copystudio.E001",
            )
        ]
    return []


@register(Tags.security)
def secret_key_is_own(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.SECRET_KEY == settings.DEFAULT_SECRET and settings.STAGE != "test":
        return [
            Warning(
                "The secret key is the default one.",
                hint="Start with `make run`, which makes one, or set STUDIO_SECRET_KEY.",
                id="copystudio.W001",
            )
        ]
    return []


@register(Tags.compatibility)
def job_times_fit(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.JOB_HEARTBEAT_SECONDS * 2 > settings.JOB_LEASE_SECONDS:
        found.append(
            Error(
                "A job's heartbeat is too slow for its lease.",
                hint="Set JOB_LEASE_SECONDS to at least twice JOB_HEARTBEAT_SECONDS.",
                id="copystudio.E002",
            )
        )
    options: dict[str, Any] = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    visibility = options.get("visibility_timeout")
    if visibility is not None and visibility < settings.CELERY_TASK_TIME_LIMIT * 2:
        found.append(
            Error(
                "The broker would deliver a running task a second time.",
                hint="Keep visibility_timeout at twice CELERY_TASK_TIME_LIMIT or more.",
                id="copystudio.E003",
            )
        )
    return found


@register(Tags.compatibility)
def model_server_is_named(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.GENERATION_BACKEND == "remote" and not settings.MODEL_SERVER["base_url"]:
        return [
            Error(
                "A model server is to write, and none is named.",
                hint="Set MODEL_SERVER_URL to its address, like https://models.example.com/v1, or GENERATION_BACKEND to auto.",
                id="copystudio.E006",
            )
        ]
    return []


def own_models() -> list[type[Model]]:
    """The models whose rows belong to a workspace."""
    own = {"copystudio", "generation", "campaigns"}
    free = {"copystudio.User", "copystudio.Workspace"}
    return [model for model in apps.get_models() if model._meta.app_label in own and model._meta.label not in free]


@register(Tags.models)
def workspace_in_every_table(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"{model._meta.label} has no workspace.",
            hint="Every table carries workspace_id, so that rows of two tenants can never mix.",
            obj=model,
            id="copystudio.E004",
        )
        for model in own_models()
        if not any(field.name == "workspace" for field in model._meta.fields)
    ]


@register(Tags.models)
def workspace_in_every_composite_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"The unique key {constraint.name} has no workspace.",
            hint="Put workspace first among its fields: then one tenant's rows never stand in another one's way.",
            obj=model,
            id="copystudio.E005",
        )
        for model in own_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, UniqueConstraint)
        and len(constraint.fields) > 1
        and constraint.fields[0] != "workspace"
    ]
