"""A deployment's log as a page shows it: lines, and the signed cursor that asks for the next ones.

The cursor carries its own proof, so that asking "anything new?" costs no statement while it is young; when it has
grown old, one statement looks whether the deployment has ended, which ends the asking.
"""

from typing import Any, NamedTuple

from django.core import signing
from django.urls import reverse

from deployments.models import Deployment
from lifecycle import logs
from lifecycle.models import LogLine

YOUNG_SECONDS = 10
SALT = "deployment-log"
SHOWN_LINES = 400
KINDS = {LogLine.Stream.ERR: "err", LogLine.Stream.OK: "ok", LogLine.Stream.WARN: "warn"}


class Line(NamedTuple):
    """`kind` is ok, warn, err or nothing."""

    at: Any
    kind: str
    text: str


def number(text: str) -> int:
    """A sequence number out of an address; 0 for anything else."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def key_of(pk: int) -> str:
    return f"deployment:{pk}"


def is_idle(pk: int, after: int, signature: str) -> bool:
    """Whether a young cursor has nothing to fetch; no SQL. Unknown (the cache was emptied) counts as news."""
    try:
        if signing.loads(signature, salt=SALT, max_age=YOUNG_SECONDS) != [pk, after]:
            return False
    except signing.BadSignature:
        return False
    last = logs.last_sequence(key_of(pk))
    return last is not None and last <= after


def news(deployment: Deployment, after: int) -> dict[str, Any]:
    """The lines behind `after` and where to ask next; nowhere once it has ended and all was shown."""
    rows = logs.lines_after(deployment.log_key, after, limit=SHOWN_LINES)
    last = rows[-1].seq if rows else after
    more = not deployment.is_final or len(rows) == SHOWN_LINES
    return {"lines": [line(row) for row in rows], "next_url": cursor(deployment, last) if more else ""}


def cursor(deployment: Deployment, after: int) -> str:
    signature = signing.dumps([deployment.pk, after], salt=SALT)
    return f"{reverse('deployments:log', args=[deployment.pk])}?after={after}&key={signature}"


def line(row: LogLine) -> Line:
    return Line(row.at, KINDS.get(LogLine.Stream(row.stream), ""), row.text)


def text(deployment: Deployment) -> str:
    """Everything, one line each, with the time in UTC."""
    rows = LogLine.objects.filter(log=deployment.log_key).order_by("seq").values_list("at", "text")
    return "".join(f"{at:%Y-%m-%dT%H:%M:%SZ} {words}\n" for at, words in rows)
