from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('deployments', '0007_watch_shifts'),
    ]

    operations = [
        migrations.AddField(
            model_name='deployment',
            name='log_removed_after',
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='backupdrill',
            name='log_removed_after',
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
    ]
