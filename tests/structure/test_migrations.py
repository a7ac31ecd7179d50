"""The migrations make exactly the models, and nothing is missing."""

from __future__ import annotations

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

OWN = ("copystudio", "generation", "campaigns")


def test_no_migration_is_missing(db: None) -> None:
    out = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=out)
    except SystemExit:
        pytest.fail(out.getvalue())


def test_every_migration_can_be_applied_in_one_order(db: None) -> None:
    executor = MigrationExecutor(connection)
    assert executor.loader.detect_conflicts() == {}
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


@pytest.mark.parametrize("app", OWN)
def test_every_step_has_a_way_back(app: str, db: None) -> None:
    for (label, _name), migration in MigrationExecutor(connection).loader.disk_migrations.items():
        if label == app:
            assert all(operation.reversible for operation in migration.operations), migration


def test_every_unique_key_of_a_table_with_a_workspace_begins_with_it() -> None:
    """Two tenants never meet in one key; what is unique in the whole world says so here."""
    everywhere = {("campaigns.ApiClient", "key_hash")}
    for model in apps.get_models():
        fields = {field.name: field for field in model._meta.local_fields}
        if model._meta.app_label not in OWN or "workspace" not in fields:
            continue
        for constraint in model._meta.total_unique_constraints:
            assert constraint.fields[0] == "workspace", (model._meta.label, constraint.name)
        for name, field in fields.items():
            if field.unique and not field.primary_key and not field.one_to_one:
                assert (model._meta.label, name) in everywhere
