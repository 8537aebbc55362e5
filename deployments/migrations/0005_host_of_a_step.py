from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("deployments", "0004_shipping_time"),
    ]

    operations = [
        migrations.AddField(
            model_name="step",
            name="pid_host",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name="step",
            name="pid_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
