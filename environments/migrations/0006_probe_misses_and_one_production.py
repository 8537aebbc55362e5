from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("environments", "0005_repository_access_and_trouble")]

    operations = [
        migrations.AlterModelOptions(name="environment", options={"ordering": ["position", "pk"]}),
        migrations.AddField(
            model_name="environment",
            name="probe_misses",
            field=models.PositiveSmallIntegerField(default=0, help_text="probes in a row that say otherwise"),
        ),
        migrations.AddConstraint(
            model_name="environment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "production"), models.Q(("status", "gone"), _negated=True)),
                fields=("product",),
                name="one_production_per_product",
            ),
        ),
    ]
