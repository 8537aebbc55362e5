from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('lifecycle', '0006_tokens_for_calendars'),
    ]

    operations = [
        migrations.AddField(
            model_name='product',
            name='artefacts_kept',
            field=models.PositiveSmallIntegerField(default=5, verbose_name='built releases kept per environment'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(
                condition=models.Q(('artefacts_kept__range', (2, 50))),
                name='what_runs_and_one_to_go_back_to_are_kept',
            ),
        ),
    ]
