"""Candidates never change."""

from django.db import migrations

TRIGGER = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON generation_candidate
FOR EACH ROW EXECUTE FUNCTION copystudio_refuse_change()
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0001_initial"), ("copystudio", "0002_append_only")]

    operations = [migrations.RunSQL(TRIGGER, "DROP TRIGGER append_only ON generation_candidate")]
