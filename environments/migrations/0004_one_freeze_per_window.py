from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("environments", "0003_engine")]

    operations = [
        migrations.AddConstraint(
            model_name="freeze",
            constraint=models.UniqueConstraint(
                fields=("product", "reason", "starts_at", "ends_at"), name="one_freeze_per_window"
            ),
        ),
    ]
