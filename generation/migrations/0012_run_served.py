from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generation", "0011_fields_together")]

    operations = [
        migrations.AddIndex(
            model_name="generationrun",
            index=models.Index(fields=["created_by", "served_at"], name="generation_run_served"),
        ),
    ]
