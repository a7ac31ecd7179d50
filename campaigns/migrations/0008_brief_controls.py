from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0007_api_runs_and_webhooks"),
        ("copystudio", "0004_user_is_superuser"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="brief",
            name="emoji",
            field=models.CharField(
                blank=True, choices=[("yes", "With emoji"), ("no", "Without emoji")], max_length=3, verbose_name="emoji"
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="length",
            field=models.CharField(
                blank=True,
                choices=[("short", "Short"), ("medium", "Medium"), ("long", "Long")],
                max_length=6,
                verbose_name="length",
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="sentiment",
            field=models.CharField(
                blank=True,
                choices=[("positive", "Positive"), ("neutral", "Neutral")],
                max_length=8,
                verbose_name="sentiment",
            ),
        ),
        migrations.AddField(
            model_name="brief",
            name="style",
            field=models.CharField(
                blank=True,
                choices=[
                    ("calm", "Calm"),
                    ("plain", "Plain"),
                    ("professional", "Professional"),
                    ("elegant", "Elegant"),
                    ("caring", "Caring"),
                    ("warm", "Warm"),
                    ("confident", "Confident"),
                    ("casual", "Casual"),
                    ("playful", "Playful"),
                    ("lively", "Lively"),
                ],
                max_length=12,
                verbose_name="style",
            ),
        ),
        migrations.AddConstraint(
            model_name="brief",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "style__in",
                        [
                            "",
                            "calm",
                            "plain",
                            "professional",
                            "elegant",
                            "caring",
                            "warm",
                            "confident",
                            "casual",
                            "playful",
                            "lively",
                        ],
                    )
                ),
                name="campaigns_brief_style_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="brief",
            constraint=models.CheckConstraint(
                condition=models.Q(("sentiment__in", ["", "positive", "neutral"])),
                name="campaigns_brief_sentiment_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="brief",
            constraint=models.CheckConstraint(
                condition=models.Q(("length__in", ["", "short", "medium", "long"])), name="campaigns_brief_length_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="brief",
            constraint=models.CheckConstraint(
                condition=models.Q(("emoji__in", ["", "yes", "no"])), name="campaigns_brief_emoji_known"
            ),
        ),
    ]
