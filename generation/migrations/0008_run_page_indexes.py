"""What the pages of a run of ten thousand items read: sums that are kept with the run, and the indexes of their lists."""

from django.db import migrations, models

# what runs have that were written before their sums were kept
SUMS = """
UPDATE generation_generationrun AS run SET dropped = counted.dropped
FROM (
    SELECT run_id, jsonb_object_agg(reason, times) AS dropped
    FROM (
        SELECT item.run_id, one.key AS reason, SUM(one.value::bigint) AS times
        FROM generation_generationitem AS item, jsonb_each_text(item.dropped) AS one
        GROUP BY item.run_id, one.key
    ) AS reasons
    GROUP BY run_id
) AS counted
WHERE counted.run_id = run.id;

UPDATE generation_generationrun AS run SET done = counted.produced
FROM (SELECT run_id, SUM(produced) AS produced FROM generation_generationitem GROUP BY run_id) AS counted
WHERE counted.run_id = run.id AND run.done <> counted.produced
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0007_blocks_of_open_runs")]

    operations = [
        migrations.AddField(
            model_name="generationrun", name="dropped", field=models.JSONField(blank=True, default=dict)
        ),
        migrations.AddField(model_name="generationrun", name="seconds", field=models.FloatField(default=0)),
        migrations.AddIndex(
            model_name="generationitem",
            index=models.Index(
                fields=["run", "position"],
                include=("id", "requested", "produced", "finished"),
                name="generation_item_in_order",
            ),
        ),
        migrations.AddIndex(
            model_name="generationitem",
            index=models.Index(
                condition=models.Q(("error", ""), _negated=True),
                fields=["run", "position"],
                name="generation_item_failed",
            ),
        ),
        migrations.AddIndex(
            model_name="candidate",
            index=models.Index(
                condition=models.Q(("findings", []), _negated=True),
                fields=["item"],
                name="generation_candidate_findings",
            ),
        ),
        migrations.RunSQL(SUMS, migrations.RunSQL.noop, elidable=True),
    ]
