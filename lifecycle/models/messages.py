"""What people are told and what they say: notifications and comments."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    IN_APP = "in_app", _("In the app")
    EMAIL = "email", _("By e-mail")


class Notification(models.Model):
    """One message to one person over one channel: an outbox row written with its cause, sent by a worker."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting to be sent")
        SENT = "sent", _("Sent")
        READ = "read", _("Read")
        FAILED = "failed", _("Could not be sent")

    MOVES = {
        Status.QUEUED: (Status.SENT, Status.FAILED),
        Status.SENT: (Status.READ,),
        Status.FAILED: (Status.QUEUED,),
        Status.READ: (),
    }

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    product = models.ForeignKey("lifecycle.Product", models.CASCADE, null=True, related_name="+")
    event = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    url = models.CharField(max_length=300)
    data = models.JSONField(default=dict)
    key = models.CharField(max_length=200)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "channel", "key"], name="told_once"),
            models.CheckConstraint(
                condition=models.Q(status__in=["queued", "sent", "read", "failed"]),
                name="notification_status",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "channel", "-id"], name="notification_user"),
            models.Index(fields=["due_at"], condition=models.Q(status="queued"), name="notification_due"),
            models.Index(
                fields=["user", "product"],
                condition=models.Q(status="sent", channel="in_app"),
                name="notification_unread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.user_id} by {self.channel}"


class Preference(models.Model):
    """A person's choice for one event and channel; no row means the event's default."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="preferences")
    event = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    enabled = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "event", "channel"], name="one_preference")]

    def __str__(self) -> str:
        return f"{self.event} by {self.channel}: {self.enabled}"


class Comment(models.Model):
    """Words on an idea, a change, a release or a deployment. Team comments never leave the team."""

    class Audience(models.TextChoices):
        TEAM = "team", _("Only the team")
        PUBLIC = "public", _("Everybody who sees it")

    product = models.ForeignKey("lifecycle.Product", models.CASCADE, related_name="+")
    subject_kind = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="comments")
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.TEAM)
    text = models.TextField(_("comment"))
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id", "id"], name="comment_subject")]

    def __str__(self) -> str:
        return self.text[:60]
