from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forget(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What was worked out counts no commits and leaves out changed migrations: it is worked out again when asked for."""
    apps.get_model("environments", "Delta").objects.filter(status="ready").delete()


class Migration(migrations.Migration):
    dependencies = [("environments", "0013_repository_public_key")]

    operations = [
        migrations.AddField("delta", "commit_count", models.PositiveIntegerField(db_default=0, default=0)),
        migrations.RunPython(forget, migrations.RunPython.noop),
    ]
