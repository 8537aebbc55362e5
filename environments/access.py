"""Who gets into what runs outside production: everybody, or whoever Lifecycle hands a short-lived token.

The application declares in lifecycle.toml at which path it takes a token ([access] path = "/preview/{token}"), gets the
key as ACCESS_KEY, and checks: token = <unix time of its end>.<HMAC-SHA256 of "<environment>.<end>" in hex>.
"""

import hashlib
import hmac
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from environments import masking, secrets
from environments.manifest import ManifestError, parse
from environments.models import Environment
from environments.variables import configuration_changed
from lifecycle.events import By

KEY_NAME = "ACCESS_KEY"
KEY_LENGTH = 48
TOKEN_LIVES = timedelta(minutes=5)


@transaction.atomic
def set_access(environment: Environment, *, access: str, by: By, at: datetime | None = None) -> None:
    """Open, or by token only (from the next deployment, when the application gets its key).

    ValidationError for a kind that nobody knows and for production, which is there for everybody.
    """
    if access not in Environment.Access.values:
        raise ValidationError({"access": _("Choose one of the kinds.")})
    if access == Environment.Access.TOKEN and environment.is_production:
        raise ValidationError({"access": _("Production is open to its customers.")})
    if access == environment.access:
        return
    environment.access = access
    environment.access_key = environment.access_key or new_key(access)
    environment.save(update_fields=["access", "access_key"])
    configuration_changed(environment, "environment.access_set", by=by, at=at, access=access)


def new_key(access: str) -> str:
    """A sealed key for an environment that needs one, else ""."""
    return secrets.seal(get_random_string(KEY_LENGTH)) if access == Environment.Access.TOKEN else ""


def variables(environment: Environment) -> dict[str, str]:
    """What the application is started with for it, the key opened; empty where it is open. Only for workers."""
    if not asks_for_token(environment):
        return {}
    return {KEY_NAME: secrets.open_sealed(environment.access_key)}


def secret_values(environment: Environment) -> list[str]:
    """The key in the shapes that logs mask, also one that is not used any more."""
    key = secrets.readable(environment.access_key) if environment.access_key else None
    return masking.shapes([key] if key else [])


def token(environment: Environment, *, at: datetime | None = None) -> str:
    """A token that opens this environment for TOKEN_LIVES; NotAllowed when its key cannot be read."""
    ends = int(((at or timezone.now()) + TOKEN_LIVES).timestamp())
    key = secrets.open_sealed(environment.access_key)
    return f"{ends}.{hmac.new(key.encode(), f'{environment.slug}.{ends}'.encode(), hashlib.sha256).hexdigest()}"


def address(environment: Environment, manifest: str, *, at: datetime | None = None) -> str:
    """Where to send somebody who may see it: with a fresh token if it asks for one and what runs there takes it.

    `manifest` is the text of lifecycle.toml of what runs there. "" for an environment without an address.
    """
    path = path_in(manifest)
    if not environment.url or not path or not asks_for_token(environment):
        return environment.url
    return environment.url.rstrip("/") + path.replace("{token}", token(environment, at=at))


def asks_for_token(environment: Environment) -> bool:
    return environment.access == Environment.Access.TOKEN and not environment.is_production


def path_in(manifest: str) -> str:
    """The path that takes a token; "" when lifecycle.toml declares none or cannot be read."""
    try:
        declared = parse(manifest).access
    except ManifestError:
        return ""
    return declared.path if declared else ""
