"""The keys of git servers that are reached over ssh: a worker looks, a person confirms, git speaks with no other."""

import base64
import binascii
import hashlib
import os
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from environments.git import ssh_server
from environments.models import Repository, UpstreamKey
from lifecycle import events, jobs, process
from lifecycle.events import By
from lifecycle.jobs import Failed, Lease

ALGORITHMS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "ssh-rsa")  # the first one shown is taken
SCAN_SECONDS = 20


def known_hosts(repository: Repository) -> str:
    """The confirmed keys as lines of an OpenSSH known_hosts file."""
    confirmed = UpstreamKey.objects.filter(repository=repository.pk, confirmed_at__isnull=False)
    return "".join(f"{place(key.host, key.port)} {key.key}\n" for key in confirmed)


def place(host: str, port: int) -> str:
    return host if port == 22 else f"[{host}]:{port}"


def of(repository: Repository) -> list[UpstreamKey]:
    """The keys of the server that is used now, the confirmed one first."""
    server = ssh_server(repository.upstream)
    if server is None:
        return []
    rows = UpstreamKey.objects.filter(repository=repository, host=server[0], port=server[1])
    return sorted(rows.select_related("confirmed_by"), key=lambda key: (key.confirmed_at is None, -key.pk))


@jobs.handler("upstream_key", queue="git")
def look(lease: Lease) -> None:
    """Ask the server for its key and keep it for a person to confirm; nothing else is sent to it."""
    repository = Repository.objects.get(pk=lease.row.subject_id)
    server = ssh_server(repository.upstream)
    if server is None:
        return
    lines: list[str] = []
    ended = process.run(
        ["ssh-keyscan", "-T", "10", "-p", str(server[1]), "-t", "ed25519,ecdsa,rsa", "--", server[0]],
        cwd="/",
        env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
        on_output=lambda stream, text: lines.extend(text.splitlines() if stream == "stdout" else ()),
        stop=lease.lost,
        total_seconds=SCAN_SECONDS,
        inactivity_seconds=SCAN_SECONDS,
    )
    shown = best(lines)
    if shown is None:
        raise Failed(f"The server showed no key (exit code {ended.exit_code}).")
    keep(repository, server, shown)


def best(lines: list[str]) -> str | None:
    """The strongest key among the lines of ssh-keyscan, as "algorithm key"."""
    keys = {fields[1]: fields[2] for line in lines if len(fields := line.split()) >= 3 and fields[0] != "#"}
    return next((f"{kind} {keys[kind]}" for kind in ALGORITHMS if kind in keys and fingerprint(keys[kind])), None)


def fingerprint(key: str) -> str:
    """As OpenSSH shows it, "SHA256:…"; "" for what is no key."""
    try:
        digest = hashlib.sha256(base64.b64decode(key, validate=True)).digest()
    except (ValueError, binascii.Error):
        return ""
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def keep(repository: Repository, server: tuple[str, int], key: str) -> UpstreamKey:
    """The row of a key that was shown; one that is known already only counts as seen again."""
    row, _created = UpstreamKey.objects.update_or_create(
        repository=repository,
        host=server[0],
        port=server[1],
        fingerprint=fingerprint(key.split()[1]),
        defaults={"key": key, "seen_at": timezone.now()},
    )
    return row


@transaction.atomic
def confirm(key: UpstreamKey, *, by: By, at: datetime | None = None) -> None:
    """Speak with the server that has this key, and with no other one at its address."""
    now = at or timezone.now()
    Repository.objects.select_for_update(no_key=True).get(pk=key.repository_id)
    others = UpstreamKey.objects.filter(repository=key.repository_id, host=key.host, port=key.port)
    others.exclude(pk=key.pk).update(confirmed_at=None, confirmed_by=None)
    key.confirmed_at, key.confirmed_by = now, by if not isinstance(by, events.Machine) else None
    key.save(update_fields=["confirmed_at", "confirmed_by"])
    Repository.objects.filter(pk=key.repository_id).update(retry_at=None)
    events.record("repository.key_confirmed", key.repository, by=by, at=at, fingerprint=key.fingerprint)
