"""What a tester should try for a change: what the plan says, else what follows from the words of whoever asked."""

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from ideas.models import Idea
from releases.models import Change

LISTED = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(.+)$")
SENTENCE = re.compile(r"(?<=[.!?])\s+")
GUESSED = 6


def of(change: Change, ideas: Iterable[Idea] | None = None) -> list[str]:
    """The steps of the plan, one per line of `Change.steps`; without any, a guess from its ideas.

    Of a change that is being undone: that it is gone.
    """
    if change.status == Change.Status.LIVE:
        gone = _("“%(title)s” is gone, and nothing points to it any more") % {"title": change.title}
        return [gone, ordinary()]
    return written(change) or guessed(list(change.ideas.all() if ideas is None else ideas))


def written(change: Change) -> list[str]:
    """What somebody wrote, without the marks of a list."""
    lines = [line.strip() for line in change.steps.splitlines() if line.strip()]
    return [found[1] if (found := LISTED.match(line)) else line for line in lines]


def guessed(ideas: list[Idea]) -> list[str]:
    """Listed points of the ideas, else their sentences; and that nothing else broke."""
    lines = [line for idea in ideas for line in idea.body.splitlines()]
    listed = [found[1] for line in lines if (found := LISTED.match(line))]
    sentences = [part.strip() for line in lines for part in SENTENCE.split(line) if part.strip()]
    asked = (listed or sentences)[:GUESSED]
    return [*(asked or [idea.title for idea in ideas]), ordinary()]


def ordinary() -> str:
    return _("An ordinary order still works as before")
