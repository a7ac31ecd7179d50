from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generation", "0013_block_engine")]

    operations = [
        migrations.AddField(
            model_name="trainingrun",
            name="scope",
            field=models.CharField(blank=True, max_length=60, verbose_name="data of"),
        ),
    ]
