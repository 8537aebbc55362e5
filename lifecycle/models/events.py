"""The append-only record of what happened; the database refuses UPDATE and DELETE."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """One fact: who did what to which subject. It holds ids and codes; words live in `EventNote`.

    `subject_kind` is a model's lower-case name ("idea", "release", "change", "deployment" …), `subject_id` its key.
    `actor` is a person, `machine` names a worker; exactly one of them is set.
    """

    product = models.ForeignKey("lifecycle.Product", models.PROTECT, null=True, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    machine = models.CharField(max_length=40, blank=True)
    verb = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    from_status = models.CharField(max_length=20, blank=True)
    to_status = models.CharField(max_length=20, blank=True)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "id"], name="event_subject"),
            models.Index(fields=["product", "-id"], name="event_product"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_kind} {self.subject_id}"


class EventNote(models.Model):
    """A person's words about an event: personal, so erasable apart from the event."""

    event = models.OneToOneField(Event, models.CASCADE, related_name="note")
    text = models.TextField(_("words"))

    def __str__(self) -> str:
        return self.text[:60]
