"""The public keys of servers: only a confirmed one is spoken with, a changed one fails closed."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from environments.models.environments import Environment
from environments.models.repositories import Repository


class ServerKey(models.Model):
    """A key as a server showed it to a worker; a person confirms it."""

    host = models.CharField(_("host"), max_length=253)
    port = models.PositiveIntegerField(_("port"), default=22)
    key = models.TextField(help_text=_("OpenSSH format: algorithm and key"))
    fingerprint = models.CharField(max_length=100)
    seen_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.host} {self.fingerprint}"


class HostKey(ServerKey):
    """Of a server that the ssh driver deploys to."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="host_keys")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment", "host", "port", "fingerprint"], name="host_key_once"),
            models.UniqueConstraint(
                fields=["environment", "host", "port"],
                condition=Q(confirmed_at__isnull=False),
                name="one_confirmed_key_per_host",
            ),
        ]


class UpstreamKey(ServerKey):
    """Of the git server that a repository is fetched from."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="upstream_keys")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "host", "port", "fingerprint"], name="upstream_key_once"),
        ]
