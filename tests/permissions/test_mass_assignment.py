"""A request that names more fields than its form has changes exactly what it would change without them (G3).

Every route that writes is sent twice: as its page sends it, and with every column of every table added, filled with what
an attacker would put there. Both must leave the same rows behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models, transaction
from django.forms import BaseForm
from django.http import HttpResponse
from django.urls import reverse

from campaigns.models import Product, Variant
from tests.people import Cast, make_cast
from tests.permissions.routes import POST, ROUTES, Page
from tests.permissions.test_matrix import FOUND
from tests.permissions.world import World, make_world

# What a person fills in, where the page does not come filled in.
TYPED: dict[str, dict[str, Any]] = {
    "campaigns:product_create": {"sku": "N-1", "title": "New jacket"},
    "campaigns:brand_create": {"name": "New brand"},
    "campaigns:segment_create": {"name": "New segment", "description": "Somebody."},
    "campaigns:campaign_create": {"name": "New campaign"},
    "campaigns:brief_create": {"name": "New brief", "language": "en", "count": "2"},
    "campaigns:placement_create": {"name": "New place", "slug": "new-place"},
    "campaigns:client_create": {"name": "New shop", "scopes": ["decide"]},
    "campaigns:client_rotate": {"overlap": "0"},
    "campaigns:webhook_create": {"url": "https://93.184.216.35/hook"},
    "campaigns:webhook_edit": {"url": "https://93.184.216.36/hook"},
    "campaigns:candidate_tweak": {"tweak": "calmer"},
    "campaigns:variant_create": {"text": "Dry at 320 g", "language": "en"},
    "campaigns:variant_edit": {"text": "Dry again at 320 g"},
    "campaigns:variant_request_changes": {"reason": "Too vague."},
    "campaigns:import_check": {"key": "sku", "column_0": "sku", "column_1": "title", "default_currency": ""},
    "generation:training_start": {"label": "New training"},
    "generation:model_promote": {"reason": "It reads better."},
    "generation:evaluation_vote": {"choice": "first"},
    "studio:member_create": {"email": "new@example.com", "name": "New", "role": "viewer"},
    "studio:member_role": {"role": "copywriter"},
}
# Steps that need another state than that of the world; the matrix sends them, and their own tests know their states.
ELSEWHERE = {
    "campaigns:import_apply",
    "campaigns:import_cancel",
    "campaigns:campaign_launch",
    "campaigns:campaign_resume",
    "campaigns:variant_restore",
    "campaigns:variant_retire",
    "campaigns:variant_submit",
    "campaigns:run_cancel",
    "campaigns:webhook_enable",
    "campaigns:run_resume",
    "campaigns:run_retry",
    "generation:training_cancel",
    "generation:evaluation_cancel",
    "generation:fetch_cancel",
    "generation:base_add",
    "generation:model_roll_back",  # it names the version that writes
    "generation:model_measure",  # its event names the evaluation by its number
    "studio:demo_remove",
}
# nothing that two runs could be compared by: no rows, or only a moment
WRITES_NOTHING = {"campaigns:variant_measure", "studio:notification_read_all"}
# Columns that differ between two runs of the same request, besides ids and moments.
VOLATILE = {
    "id",
    "object_id",
    "data",
    "key_hash",
    "key_prefix",
    "prefix",
    "digest",
    "secret",
    "former_secret",
    "message_id",
    "body",
    "password",
    "file",
    "seed",
    "config",  # of a training, with its seed
    "session_key",
}
ROUTES_THAT_WRITE = sorted(
    name
    for name, row in ROUTES.items()
    if isinstance(row, Page) and row.methods >= POST and name not in ELSEWHERE | WRITES_NOTHING
)


def tables() -> list[type[models.Model]]:
    return [
        model
        for label in ("copystudio", "campaigns", "generation")
        for model in apps.get_app_config(label).get_models()
    ]


def planted(cast: Cast, stranger: Cast) -> dict[str, str]:
    """Every column of every table, with a value that would do harm: another tenant's ids, the last state, more rights."""
    values: dict[str, str] = {}
    for model in tables():
        for field in model._meta.concrete_fields:
            if field.is_relation:
                value = str(stranger.workspace.pk if field.name == "workspace" else cast.copywriter.pk)
            elif isinstance(field, models.BooleanField):
                value = "on"
            elif field.choices:
                value = str(list(field.choices)[-1][0])  # type: ignore[arg-type]
            elif isinstance(field, models.DateTimeField | models.DateField):
                value = "2001-01-01"
            elif isinstance(field, models.IntegerField | models.DecimalField):
                value = "7"
            else:
                value = "planted"
            values |= {field.name: value, field.attname: value}
    return values | {"is_superuser": "on", "approved_by": str(cast.admin.pk), "actor": str(cast.admin.pk)}


def as_sent(form: BaseForm) -> dict[str, Any]:
    """What the browser would send of a form as the page shows it."""
    values = {}
    for bound in form:
        value = bound.value()
        if value is None or value is False:
            continue
        items = value if isinstance(value, list | tuple) else [value]
        values[bound.html_name] = [str(getattr(item, "pk", item)) for item in items]
    return values


def rows(known: dict[type[models.Model], int]) -> Iterator[str]:
    """All rows of all tables as text, without what differs by chance; an id that is new says only so."""
    for model in tables():
        fields = [
            field
            for field in model._meta.concrete_fields
            if field.name not in VOLATILE and not isinstance(field, models.DateTimeField)
        ]
        for row in model._default_manager.order_by("pk"):
            values = []
            for field in fields:
                value = field.value_from_object(row)
                if field.is_relation and isinstance(value, int) and value > known[field.related_model]:  # type: ignore[index]
                    value = "new"
                values.append(f"{field.attname}={value!r}")
            yield f"{model.__name__} {'new' if row.pk > known[model] else row.pk} {' '.join(values)}"


def newest(model: type[models.Model]) -> int:
    return model._default_manager.aggregate(last=models.Max("pk"))["last"] or 0


@pytest.fixture
def world(cast: Cast) -> World:
    return make_world(cast)


def body_of(world: World, route: str, url: str) -> tuple[dict[str, Any], set[str]]:
    """The body as the page would send it, and the names that the form itself reads."""
    row = ROUTES[route]
    assert isinstance(row, Page)
    typed = dict(TYPED.get(route, {}))
    names = set(typed)
    if "GET" in row.methods:
        form = world.cast.client(world.cast.admin).get(url).context["form"]
        names |= {bound.html_name for bound in form}
        typed = as_sent(form) | typed
    objects = world.objects
    if route in {"campaigns:variant_approve", "campaigns:variant_request_changes"}:
        variant = Variant.objects.select_related("current_revision").get(pk=objects["variant"].pk)
        assert variant.current_revision is not None
        typed |= {"sha256": variant.current_revision.sha256, "review_cycle": variant.review_cycle}
        names |= {"sha256", "review_cycle", "reason"}
    sku = Product.objects.get(pk=objects["product"].pk).sku.encode()
    more: dict[str, dict[str, Any]] = {
        "campaigns:import_create": {"file": SimpleUploadedFile("more.csv", b"sku,title\nA-9,Hat\n")},
        "campaigns:dialogue_import": {
            "file": SimpleUploadedFile(
                "more.jsonl", b'{"question": "Is it warm?", "answer": "It is.", "sku": "%s"}' % sku
            )
        },
        "campaigns:brief_create": {"channels": [objects["channel"].pk]},
        "campaigns:placement_create": {"channel": objects["channel"].pk},
        "campaigns:placement_assign": {"variant": objects["copy"].pk},
        "campaigns:product_archive": {"archived": "1"},
        "campaigns:variant_create": {"campaign": objects["campaign"].pk, "channel": objects["channel"].pk},
    }
    typed |= more.get(route, {})
    return typed, names | set(more.get(route, {}))


@pytest.mark.parametrize("route", ROUTES_THAT_WRITE)
def test_fields_that_no_form_has_change_nothing(world: World, route: str) -> None:
    stranger = make_cast("other")
    url = reverse(route, kwargs=world.kwargs(route, FOUND[route]))
    typed, names = body_of(world, route, url)
    known = {model: newest(model) for model in apps.get_models()}
    client = world.cast.client(world.cast.admin)

    def left_behind(extra: dict[str, str]) -> tuple[HttpResponse, list[str]]:
        point = transaction.savepoint()
        for value in typed.values():
            if isinstance(value, SimpleUploadedFile):
                value.seek(0)
        response = client.post(url, {**extra, **typed})
        found = sorted(rows(known))
        transaction.savepoint_rollback(point)
        return response, found

    before = sorted(rows(known))
    plain, wanted = left_behind({})
    where = f"{route}: {plain.status_code} {getattr(plain.context.get('form'), 'errors', '') if plain.context else ''}"
    assert plain.status_code in {200, 303}, where
    assert wanted != before, f"{where}: the plain request changed nothing, so this compares nothing"
    extra = {name: value for name, value in planted(world.cast, stranger).items() if name not in names}
    assert len(extra) > 100
    response, found = left_behind(extra)
    assert response.status_code == plain.status_code
    assert found == wanted
