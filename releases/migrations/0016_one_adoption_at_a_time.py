from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('lifecycle', '0006_tokens_for_calendars'),
        ('releases', '0015_combined'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='candidate',
            constraint=models.UniqueConstraint(
                condition=models.Q(('purpose', 'adopted'), ('status', 'composing')),
                fields=('product',),
                name='one_adoption_at_a_time',
            ),
        ),
    ]
