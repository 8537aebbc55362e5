from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('releases', '0017_migration_globs'),
    ]

    operations = [
        migrations.AddField(
            model_name='check',
            name='log_removed_after',
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
    ]
