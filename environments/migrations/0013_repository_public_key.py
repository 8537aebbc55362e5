from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("environments", "0012_branches_of_nobody")]

    operations = [
        migrations.AddField(
            "repository",
            "public_key",
            models.CharField(blank=True, help_text="of a key that was made here, to be given to the server", max_length=200),
        ),
    ]
