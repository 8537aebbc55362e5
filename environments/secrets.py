"""Secrets at rest: MultiFernet tokens under the keys of the environment, first key for writing, all for reading."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from lifecycle.transitions import NotAllowed

MASK = "••••••••"


def box() -> MultiFernet:
    """The keys of LIFECYCLE_SECRET_KEYS; ImproperlyConfigured without any or with one that is no Fernet key."""
    if not settings.SECRET_KEYS:
        raise ImproperlyConfigured("LIFECYCLE_SECRET_KEYS is not set: secrets cannot be stored.")
    try:
        return MultiFernet([Fernet(key) for key in settings.SECRET_KEYS])
    except ValueError as error:
        raise ImproperlyConfigured(f"LIFECYCLE_SECRET_KEYS: {error}") from error


def seal(text: str) -> str:
    """Encrypt a value."""
    return box().encrypt(text.encode()).decode()


def open_sealed(token: str) -> str:
    """Decrypt a value; NotAllowed when no key fits, because a deployment without it would start blind."""
    try:
        return box().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise NotAllowed(_("A secret cannot be read: its key is not in LIFECYCLE_SECRET_KEYS.")) from error


def readable(token: str) -> str | None:
    """Decrypt a value, or None when no key fits."""
    try:
        return open_sealed(token)
    except NotAllowed:
        return None
