"""What everybody reads as new today stays to be read: releases whose watch has closed well have published notes."""

from django.db import migrations


def publish(apps, schema_editor):
    Release = apps.get_model("releases", "Release")
    Change = apps.get_model("releases", "Change")
    Notes = apps.get_model("releases", "Notes")
    NoteLine = apps.get_model("releases", "NoteLine")
    for release in Release.objects.filter(status="done").exclude(kind="undo"):
        at = release.ended_at or release.live_at or release.created_at
        notes = Notes.objects.create(release=release, status="published", drafted_at=at, published_at=at)
        served = Change.objects.filter(release=release, ideas__isnull=False).distinct().order_by("number")
        NoteLine.objects.bulk_create(
            NoteLine(notes=notes, change=change, position=place) for place, change in enumerate(served, start=1)
        )


class Migration(migrations.Migration):

    dependencies = [("releases", "0010_notes")]

    operations = [migrations.RunPython(publish, migrations.RunPython.noop)]
