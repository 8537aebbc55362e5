"""The lists of ideas: what a row shows is prepared here, and pages follow each other by row values."""

import base64
import binascii
import json
import re
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F
from django.db.models.functions import Left
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from ideas.chips import SOURCES
from ideas.models import Idea
from ideas.queries import ORDERS, IdeaQuerySet
from lifecycle.chips import Chip
from lifecycle.dates import ago
from lifecycle.roles import Actor

PAGE = 20
MARKS = re.compile(r"[*_`#>|~]+|!?\[|\]\([^)]*\)")


class Row(NamedTuple):
    """One idea in a list."""

    number: int
    title: str
    language: str
    why: str
    url: str
    vote_url: str
    votes: int
    voted: bool
    area: str
    source: str
    source_icon: str
    comments: int
    merged: int
    age: str
    chip: Chip
    stop: int


class Page(NamedTuple):
    """A page of rows; `cursor` leads to the next one, empty on the last."""

    rows: list[Row]
    cursor: str


def page(ideas: IdeaQuerySet, actor: Actor, *, order: str, cursor: str = "", at: datetime) -> Page:
    """The next PAGE rows of `ideas` behind `cursor`; one statement."""
    order = order if order in ORDERS else "votes"
    found = load(ideas, actor, order=order, cursor=cursor)
    base = reverse("ideas:list")
    return Page([row(idea, at, base) for idea in found[:PAGE]], next_cursor(found, order))


def load(ideas: IdeaQuerySet, actor: Actor, *, order: str, cursor: str) -> list[Idea]:
    """One more than a page, with only the columns that a row needs."""
    key = read_cursor(cursor, order)
    if key:
        ideas = ideas.after(order, key)
    ideas = ideas.in_order(order).with_mine(actor.user).annotate(start=Left("body", 240), area_name=F("area__name"))
    return list(
        ideas.only(
            "number",
            "title",
            "language",
            "kind",
            "source",
            "status",
            "stop",
            "stop_note",
            "votes",
            "comments",
            "merged_count",
            "created_at",
            "moved_at",
        )[: PAGE + 1]
    )


def row(idea: Idea, at: datetime, base: str) -> Row:
    """One row; `base` is the list's address, below which every idea has its own (reversing each costs more)."""
    url = f"{base}{idea.number}/"
    return Row(
        number=idea.number,
        title=idea.title,
        language=idea.language,
        why=excerpt(idea.start),
        url=url,
        vote_url=f"{url}{'unvote' if idea.voted else 'vote'}/",
        votes=idea.votes,
        voted=idea.voted,
        area=idea.area_name or "",
        source=Idea.Source(idea.source).label,
        source_icon=SOURCES[idea.source],
        comments=idea.comments,
        merged=idea.merged_count,
        age=ago(idea.created_at, now=at),
        chip=idea.chip,
        stop=idea.stop - 1,
    )


def excerpt(body: str) -> str:
    """The beginning of a Markdown text as plain words, at most 160 characters."""
    words = " ".join(MARKS.sub("", body).split())
    return words if len(words) <= 160 else words[:160].rsplit(" ", 1)[0] + "…"


def next_cursor(found: list[Idea], order: str) -> str:
    """Where the next page begins: the values of the last shown row, or nothing."""
    if len(found) <= PAGE:
        return ""
    values = [getattr(found[PAGE - 1], name) for name in ORDERS[order]]
    text = json.dumps([value.isoformat() if isinstance(value, datetime) else value for value in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str, order: str) -> tuple[Any, ...]:
    """The row values in a cursor; one that is not ours is no cursor, and the list starts at its beginning."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        key = tuple(parse(value, name) for value, name in zip(values, ORDERS[order], strict=True))
    except (ValueError, TypeError, binascii.Error):
        return ()
    return key


def parse(value: Any, name: str) -> Any:
    """One value of a cursor as its column has it; ValueError for anything else."""
    if not name.endswith("_at"):
        return int(value)
    moment = parse_datetime(value)
    if moment is None or moment.tzinfo is None:
        raise ValueError(value)
    return moment
