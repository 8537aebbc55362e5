"""Environments that change at set times: the days and the time, when that is next, and what came of it."""

import django.contrib.postgres.fields
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('environments', '0008_first_versions_of_variables'),
    ]

    operations = [
        migrations.AddField(
            model_name='environment',
            name='last_promotion_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='environment',
            name='last_promotion_note',
            field=models.TextField(blank=True, help_text='why the last set time changed nothing, or empty'),
        ),
        migrations.AddField(
            model_name='environment',
            name='next_promotion_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='environment',
            name='promotion_again_at',
            field=models.DateTimeField(blank=True, help_text='when it is asked again, while only what ends by itself is in the way', null=True),
        ),
        migrations.AddField(
            model_name='environment',
            name='promotion_days',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(7)]), blank=True, default=list, help_text='weekdays, 1 is Monday', size=None),
        ),
        migrations.AddField(
            model_name='environment',
            name='promotion_time',
            field=models.TimeField(blank=True, help_text="in the product's time zone, to the minute", null=True),
        ),
        migrations.AddField(
            model_name='environment',
            name='promotion_zone',
            field=models.CharField(blank=True, help_text='what the next time was computed for', max_length=60),
        ),
        migrations.AlterField(
            model_name='environment',
            name='promotion',
            field=models.CharField(choices=[('by_hand', 'By hand'), ('automatic', 'As soon as the environment before it has verified it'), ('scheduled', 'At set times')], default='by_hand', max_length=10, verbose_name='promotion'),
        ),
        migrations.AddConstraint(
            model_name='environment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('next_promotion_at__isnull', False), ('promotion', 'scheduled')), models.Q(models.Q(('promotion', 'scheduled'), _negated=True), ('next_promotion_at', None)), _connector='OR'), name='set_times_have_a_next_one'),
        ),
    ]
