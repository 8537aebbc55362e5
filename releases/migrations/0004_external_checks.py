from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lifecycle", "0003_unread_news"),
        ("releases", "0003_engine"),
    ]

    operations = [
        migrations.AddField(
            model_name="check",
            name="required",
            field=models.BooleanField(default=True, help_text="whether it must pass before the commit may go on"),
        ),
        migrations.AddConstraint(
            model_name="check",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "external"), ("status__in", ["queued", "running"])),
                fields=("revision", "candidate", "name"),
                name="one_open_external_check_per_name",
                nulls_distinct=False,
            ),
        ),
    ]
