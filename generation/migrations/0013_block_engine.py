"""What wrote is kept with each block. Those from before have what their run says: it was that of the last one."""

from django.db import migrations, models


def fill(apps, schema_editor):
    """Blocks that were begun."""
    run_model, block_model = (
        apps.get_model("generation", "GenerationRun"),
        apps.get_model("generation", "GenerationBlock"),
    )
    engine = run_model.objects.filter(pk=models.OuterRef("run")).values("engine")
    block_model.objects.filter(started_at__isnull=False).update(engine=models.Subquery(engine))


class Migration(migrations.Migration):
    dependencies = [("generation", "0012_run_served")]

    operations = [
        migrations.AddField(
            model_name="generationblock", name="engine", field=models.JSONField(blank=True, default=dict)
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
