import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("environments", "0004_one_freeze_per_window"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="branch",
            name="retry_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="branch",
            name="tries",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="branch",
            name="trouble",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="repository",
            name="credential",
            field=models.TextField(blank=True, help_text="MultiFernet token: a private ssh key, or a password"),
        ),
        migrations.AddField(
            model_name="repository",
            name="login",
            field=models.CharField(blank=True, max_length=100, verbose_name="user name"),
        ),
        migrations.AddField(
            model_name="repository",
            name="tag_note",
            field=models.TextField(blank=True, help_text="version tags that mean another commit upstream, or empty"),
        ),
        migrations.AddField(
            model_name="repository",
            name="trunk_from",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="repository",
            name="trunk_sha",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="trunkcommit",
            name="note",
            field=models.TextField(blank=True, help_text="why git could not take it into its change, or empty"),
        ),
        migrations.CreateModel(
            name="UpstreamKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("host", models.CharField(max_length=253, verbose_name="host")),
                ("port", models.PositiveIntegerField(default=22, verbose_name="port")),
                ("key", models.TextField(help_text="OpenSSH format: algorithm and key")),
                ("fingerprint", models.CharField(max_length=100)),
                ("seen_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "repository",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="upstream_keys",
                        to="environments.repository",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("repository", "host", "port", "fingerprint"), name="upstream_key_once"
                    )
                ],
            },
        ),
    ]
