"""Runs that are open at the upgrade get a block to be worked on in."""

from django.db import migrations


def give_blocks(apps, schema_editor):
    """Runs that are open get one block with what they still have to do."""
    run_model, block_model = (
        apps.get_model("generation", "GenerationRun"),
        apps.get_model("generation", "GenerationBlock"),
    )
    item_model = apps.get_model("generation", "GenerationItem")
    for run in run_model.objects.filter(status__in=["queued", "running"]).iterator():
        block = block_model.objects.create(
            workspace_id=run.workspace_id,
            run=run,
            number=1,
            created_by_id=run.created_by_id,
            total=run.total - run.done,
        )
        item_model.objects.filter(run=run, finished=False).update(block=block)


class Migration(migrations.Migration):
    dependencies = [("generation", "0006_blocks")]

    operations = [migrations.RunPython(give_blocks, migrations.RunPython.noop, elidable=True)]
