from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("releases", "0016_one_adoption_at_a_time")]

    operations = [
        migrations.AddField(
            "revision",
            "migration_globs",
            models.JSONField(default=list, help_text="of its lifecycle.toml: which files are migrations"),
        ),
    ]
