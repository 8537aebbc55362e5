from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("environments", "0011_scrubbed_test_data")]

    operations = [
        migrations.AddField("branch", "nobodys", models.PositiveIntegerField(default=0)),
        migrations.AddField("branch", "is_left_out", models.BooleanField(default=False)),
    ]
