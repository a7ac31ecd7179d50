"""Revisions and review events never change."""

from django.db import migrations

TABLES = ["campaigns_revision", "campaigns_reviewevent"]


def trigger(table: str) -> str:
    return (
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION copystudio_refuse_change()"
    )


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial"), ("copystudio", "0002_append_only")]

    operations = [migrations.RunSQL(trigger(table), f"DROP TRIGGER append_only ON {table}") for table in TABLES]
