"""What wrote is kept with each candidate: two engines may have written one block. Those from before do not know."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generation", "0014_training_scope")]

    operations = [
        migrations.AddField(model_name="candidate", name="engine", field=models.JSONField(blank=True, default=dict)),
    ]
