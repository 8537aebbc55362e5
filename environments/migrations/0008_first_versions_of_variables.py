"""What was set before versions were kept gets a first one, so that an earlier configuration is always whole."""

from django.db import migrations


def keep_first_versions(apps, schema_editor):
    Variable = apps.get_model("environments", "Variable")
    VariableVersion = apps.get_model("environments", "VariableVersion")
    kept = set(VariableVersion.objects.values_list("environment_id", "name"))
    VariableVersion.objects.bulk_create(
        VariableVersion(
            environment_id=row.environment_id,
            config_version=0,
            name=row.name,
            value=row.value,
            is_secret=row.is_secret,
            changed_at=row.changed_at,
        )
        for row in Variable.objects.all()
        if (row.environment_id, row.name) not in kept
    )


class Migration(migrations.Migration):
    dependencies = [("environments", "0007_repository_retry_at")]

    operations = [migrations.RunPython(keep_first_versions, migrations.RunPython.noop)]
