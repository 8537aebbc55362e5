"""What an external pipeline says of the run it was started for: by a signed call back, kept until the driver asks.

POST /callbacks/pipeline/<key>/        {"key": "<key>", "status": "succeeded", "url": "…", "text": "…"}
X-Lifecycle-Timestamp: 1767225600      (Unix time, at most five minutes off)
X-Lifecycle-Signature: sha256=<hex>    (HMAC of "<timestamp>." and the raw body, under the secret PIPELINE_SECRET)
"""

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from deployments.drivers import Report
from deployments.models import Deployment, PipelineReport
from environments import variables
from lifecycle.transitions import NotAllowed

TOLERANCE = timedelta(seconds=300)
BODY_BYTES = 65_536
STATUSES = ("running", "succeeded", "failed")
SECRET = "PIPELINE_SECRET"
_KEY = re.compile(r"[a-z0-9_-]+-(?P<deployment>[0-9]{1,18})-[0-9a-f]{8}(-back)?(-[0-9]{1,3})?")


class Unsigned(Exception):
    """Nobody knows who says this: a wrong key, time or signature. The answer never says which."""


def report_of(key: str) -> Report | None:
    """What was called back for this key."""
    found = PipelineReport.objects.filter(key=key).first()
    return Report(found.status, found.url, found.text) if found else None


def receive(key: str, body: bytes, *, timestamp: str, signature: str, at: datetime | None = None) -> None:
    """Write down what a pipeline says of its run. The same message again, or an older one, has no effect.

    Raises Unsigned; ValidationError for a body that says nothing; NotAllowed when the deployment is over.
    """
    deployment = _deployment(key)
    signed_at = _signed_at(timestamp, at or timezone.now())
    if not hmac.compare_digest(signature_of(_secret(deployment), timestamp, body).encode(), signature.encode()):
        raise Unsigned
    said = _read(key, body)
    _store(deployment, key, said, signed_at)


def signature_of(secret: str, timestamp: str, body: bytes) -> str:
    """What the header must hold."""
    return "sha256=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def _deployment(key: str) -> Deployment:
    found = _KEY.fullmatch(key)
    rows = Deployment.objects.filter(pk=int(found["deployment"])) if found else Deployment.objects.none()
    deployment = rows.select_related("environment__product").first()
    if deployment is None:
        raise Unsigned
    return deployment


def _secret(deployment: Deployment) -> str:
    """Without a secret nobody may call back."""
    environment = deployment.environment
    secret = variables.legible(environment).get(SECRET, "") if environment.driver == "pipeline" else ""
    if not secret:
        raise Unsigned
    return secret


def _signed_at(timestamp: str, now: datetime) -> datetime:
    if not re.fullmatch(r"[0-9]{1,11}", timestamp):
        raise Unsigned
    signed_at = datetime.fromtimestamp(int(timestamp), UTC)
    if abs(now - signed_at) > TOLERANCE:
        raise Unsigned
    return signed_at


def _read(key: str, body: bytes) -> dict[str, str]:
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise ValidationError(_("The body must be a JSON object."))
    if said.get("key") != key:
        raise ValidationError({"key": _("It must be the key of the address.")})
    if said.get("status") not in STATUSES:
        raise ValidationError({"status": _("One of %(choices)s.") % {"choices": ", ".join(STATUSES)}})
    texts = {name: _storable(str(said.get(name) or "")) for name in ("url", "text")}
    if texts["url"] and not re.match(r"https?://", texts["url"]):
        raise ValidationError({"url": _("An address that begins with https://.")})
    return {"status": said["status"], "url": texts["url"][:500], "text": texts["text"][:4000]}


def _storable(text: str) -> str:
    """PostgreSQL's text holds no NUL and no half of a surrogate pair."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


@transaction.atomic
def _store(deployment: Deployment, key: str, said: dict[str, str], signed_at: datetime) -> None:
    """The last word by the sender's clock; how it ended stays."""
    Deployment.objects.select_for_update(no_key=True).get(pk=deployment.pk)
    known = PipelineReport.objects.filter(key=key).first()
    if known and (known.status != "running" or known.received_at >= signed_at):
        return
    if deployment.is_final:
        raise NotAllowed(_("This deployment is over."))
    PipelineReport.objects.update_or_create(key=key, defaults={**said, "received_at": signed_at})
