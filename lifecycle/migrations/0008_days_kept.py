from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('lifecycle', '0007_artefacts_kept'),
    ]

    operations = [
        migrations.AddField(
            model_name='product',
            name='logs_kept_days',
            field=models.PositiveSmallIntegerField(default=90, verbose_name='days that logs are kept'),
        ),
        migrations.AddField(
            model_name='product',
            name='samples_kept_days',
            field=models.PositiveSmallIntegerField(default=35, verbose_name='days that samples are kept'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(
                condition=models.Q(('logs_kept_days__range', (7, 3650))),
                name='logs_are_kept_for_a_week',
            ),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(
                condition=models.Q(('samples_kept_days__range', (2, 366))),
                name='samples_are_kept_for_the_next_watch',
            ),
        ),
        migrations.AddField(
            model_name='work',
            name='log_removed_after',
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name='work',
            index=models.Index(
                condition=models.Q(('log_removed_after', None)),
                fields=['product', 'finished_at'],
                name='work_whose_log_stays',
            ),
        ),
    ]
