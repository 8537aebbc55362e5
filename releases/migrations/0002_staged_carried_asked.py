import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("releases", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="candidate",
            name="staged_at",
            field=models.DateTimeField(blank=True, help_text="when it last came to staging", null=True),
        ),
        migrations.AddField(
            model_name="survey",
            name="asked",
            field=models.PositiveIntegerField(default=0, help_text="people who were asked"),
        ),
        migrations.AddField(
            model_name="verdict",
            name="carried_from",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="releases.verdict",
            ),
        ),
    ]
