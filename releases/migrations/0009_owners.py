"""Every release has an owner: whoever made its plan, until somebody else is named."""

from typing import Any

from django.db import migrations
from django.db.models import F


def name_owners(apps: Any, schema_editor: Any) -> None:
    apps.get_model("releases", "Release").objects.filter(owner=None).update(owner=F("author"))


class Migration(migrations.Migration):
    dependencies = [("releases", "0008_the_whole_plan")]

    operations = [migrations.RunPython(name_owners, migrations.RunPython.noop)]
