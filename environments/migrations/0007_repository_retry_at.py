from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("environments", "0006_probe_misses_and_one_production")]

    operations = [
        migrations.AddField(
            model_name="repository",
            name="retry_at",
            field=models.DateTimeField(blank=True, help_text="not asked before, because it sent us away", null=True),
        ),
    ]
