"""API tokens: shown once, kept as SHA-256, with a scope and an end."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from lifecycle.models import Token, User

PREFIX = "lc_"


def issue(user: User, *, name: str, scope: str = Token.Scope.READ, days: int = 90, at: datetime | None = None) -> str:
    """Make a token for `user` and return its text, which is not kept anywhere."""
    now = at or timezone.now()
    text = PREFIX + secrets.token_urlsafe(32)
    Token.objects.create(user=user, name=name, digest=digest(text), scope=scope, expires_at=now + timedelta(days=days))
    return text


@transaction.atomic
def issue_only(user: User, *, name: str, scope: str, days: int, at: datetime | None = None) -> str:
    """The same, in the place of whatever tokens of this scope the person had."""
    user.tokens.filter(scope=scope).delete()
    return issue(user, name=name, scope=scope, days=days, at=at)


def holder(text: str, *, scope: str, at: datetime | None = None) -> User | None:
    """Whose token of exactly this scope it is; None if it is not known or has ended, or the person is not active."""
    now = at or timezone.now()
    rows = Token.objects.filter(digest=digest(text), scope=scope, expires_at__gt=now, user__is_active=True)
    token = rows.select_related("user").first()
    if token is None:
        return None
    note_use(token, now)
    return token.user


def note_use(token: Token, now: datetime) -> None:
    """Keep when it was used, to the minute: a busy client shall not write with every request."""
    if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1):
        Token.objects.filter(pk=token.pk).update(last_used_at=now)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer lc_…`. An unknown, expired or deactivated token is 401 with the reason."""

    def authenticate(self, request: Any) -> tuple[User, Token] | None:
        words = get_authorization_header(request).decode("latin-1").split()
        if len(words) != 2 or words[0].lower() != "bearer":
            return None
        token = Token.objects.select_related("user").filter(digest=digest(words[1])).first()
        if token is None or not token.user.is_active:
            raise AuthenticationFailed(_("This token is not known."))
        if token.expires_at <= timezone.now():
            raise AuthenticationFailed(_("This token has expired; make a new one on your account page."))
        note_use(token, timezone.now())
        return token.user, token

    def authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="Lifecycle"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library is untyped
    """How the schema describes our tokens; drf-spectacular finds it by its base class."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A token from the account page: lc_…"}
