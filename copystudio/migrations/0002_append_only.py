"""Rows that never change: the database refuses UPDATE and DELETE on them.

The whole workspace of a demonstration can be removed all the same: its service says so for one transaction
(``SET LOCAL copystudio.erasing = 'on'``), and only DELETE listens.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION copystudio_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('copystudio.erasing', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'rows of % never change', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$
"""
TRIGGER = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON copystudio_event
FOR EACH ROW EXECUTE FUNCTION copystudio_refuse_change()
"""


class Migration(migrations.Migration):
    dependencies = [("copystudio", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION copystudio_refuse_change()"),
        migrations.RunSQL(TRIGGER, "DROP TRIGGER append_only ON copystudio_event"),
    ]
