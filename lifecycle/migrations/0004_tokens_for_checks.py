from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lifecycle", "0003_unread_news")]

    operations = [
        migrations.AlterField(
            model_name="token",
            name="scope",
            field=models.CharField(
                choices=[
                    ("read", "Read"),
                    ("write", "Read and write"),
                    ("checks", "Only report checks of an external CI"),
                ],
                default="read",
                max_length=10,
                verbose_name="scope",
            ),
        ),
    ]
