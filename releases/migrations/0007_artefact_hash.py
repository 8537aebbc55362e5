from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("releases", "0006_says_ready"),
    ]

    operations = [
        migrations.AddField(
            model_name="candidate",
            name="artefact_hash",
            field=models.CharField(blank=True, help_text="of what was built of it first", max_length=64),
        ),
        migrations.AddField(
            model_name="candidate",
            name="artefact_is_gone",
            field=models.BooleanField(default=False, help_text="building it anew gives other files"),
        ),
    ]
