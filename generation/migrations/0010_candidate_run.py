"""A candidate knows its run and its item's position: lists of the texts of a run join no item to filter or to sort.

Both are copied from the item by the database when the row comes, so that no writer can have them wrong.
"""

import django.db.models.deletion
from django.db import migrations, models

FUNCTION = """
CREATE FUNCTION generation_candidate_of_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT item.run_id, item.position INTO NEW.run_id, NEW.position
    FROM generation_generationitem AS item WHERE item.id = NEW.item_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER of_item BEFORE INSERT ON generation_candidate
FOR EACH ROW EXECUTE FUNCTION generation_candidate_of_item()
"""
NO_FUNCTION = """
DROP TRIGGER of_item ON generation_candidate;
DROP FUNCTION generation_candidate_of_item()
"""
# candidates never change: this once, what is known of them anyway is written beside them
FILL = """
ALTER TABLE generation_candidate DISABLE TRIGGER append_only;
UPDATE generation_candidate AS candidate SET run_id = item.run_id, position = item.position
FROM generation_generationitem AS item WHERE item.id = candidate.item_id;
ALTER TABLE generation_candidate ENABLE TRIGGER append_only
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0009_export")]

    operations = [
        migrations.AddField(
            model_name="candidate",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="candidates",
                to="generation.generationrun",
            ),
        ),
        migrations.AddField(
            model_name="candidate", name="position", field=models.PositiveIntegerField(editable=False, null=True)
        ),
        migrations.RunSQL(FUNCTION, NO_FUNCTION),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="candidate",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="candidates",
                to="generation.generationrun",
            ),
        ),
        migrations.AlterField(
            model_name="candidate", name="position", field=models.PositiveIntegerField(editable=False)
        ),
        migrations.RemoveIndex(model_name="candidate", name="generation_candidate_findings"),
        migrations.AddIndex(
            model_name="candidate",
            index=models.Index(
                fields=["run", "position", "slot"], include=("id",), name="generation_candidate_in_order"
            ),
        ),
        migrations.AddIndex(
            model_name="candidate",
            index=models.Index(fields=["run", "-fluency", "id"], name="generation_candidate_fluent"),
        ),
        migrations.AddIndex(
            model_name="candidate",
            index=models.Index(fields=["run", "length", "id"], name="generation_candidate_by_length"),
        ),
        migrations.AddIndex(
            model_name="candidate",
            index=models.Index(
                condition=models.Q(("findings", []), _negated=True),
                fields=["run", "position", "slot"],
                include=("id",),
                name="generation_candidate_found",
            ),
        ),
    ]
