"""Who may look at a test shop: whoever comes with a token that Lifecycle made, and for half a day after that.

A token is <unix time of its end>.<HMAC-SHA256 of "<environment>.<end>" in hex>, made with ACCESS_KEY.
"""

import hashlib
import hmac
from time import time

from django.conf import settings
from django.core import signing

COOKIE_LIVES_SECONDS = 12 * 60 * 60


def is_valid(token: str) -> bool:
    """Whether the token was made for this shop with its key, and has not ended."""
    ends, _dot, signature = token.partition(".")
    message = f"{settings.ENVIRONMENT}.{ends}".encode()
    expected = hmac.new(settings.ACCESS_KEY.encode(), message, hashlib.sha256).hexdigest()
    is_ours = hmac.compare_digest(signature.encode(), expected.encode())
    return is_ours and ends.isdecimal() and int(ends) > time()


def cookie_name() -> str:
    return f"shop_{settings.ENVIRONMENT}_preview"


def new_cookie() -> str:
    return _signer().sign(settings.ENVIRONMENT)


def is_let_in(cookie: str) -> bool:
    """Whether the cookie was given out here, with the key of today, within half a day."""
    try:
        return _signer().unsign(cookie, max_age=COOKIE_LIVES_SECONDS) == settings.ENVIRONMENT
    except signing.BadSignature:
        return False


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(key=settings.ACCESS_KEY, salt="preview")
