"""How often changes came back, and what was said about it the last time."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import ngettext

from lifecycle.dates import ago
from releases.models import Change, Verdict


@dataclass(frozen=True)
class Returned:
    """Why a change is back: the tester's verdict with its defects, or None when production gave it back.

    `times` is how often testers returned it.
    """

    words: str
    verdict: Verdict | None
    times: int

    @property
    def when(self) -> str:
        return ago(self.verdict.at) if self.verdict else ""

    @property
    def count(self) -> str:
        """ "Returned 3 times" once it was more than once."""
        if self.times < 2:
            return ""
        return ngettext("Returned %(n)s time", "Returned %(n)s times", self.times) % {"n": self.times}


def of(changes: Iterable[Change]) -> dict[int, Returned]:
    """By change, for those that a tester returned or that are back now; at most three statements."""
    rows = Verdict.objects.filter(change__in=[change.pk for change in changes], carried_from=None)
    rows = rows.filter(outcome=Verdict.Outcome.RETURNED).select_related("by", "candidate").order_by("id")
    rows = rows.prefetch_related("defects__attachments")
    said: dict[int, list[Verdict]] = {}
    for verdict in rows:
        said.setdefault(verdict.change_id, []).append(verdict)
    backs = [change for change in changes if change.is_returned or change.pk in said]
    return {change.pk: one(change, said.get(change.pk, [])) for change in backs}


def one(change: Change, verdicts: list[Verdict]) -> Returned:
    last = verdicts[-1] if verdicts and verdicts[-1].reason == change.return_reason else None
    return Returned(change.return_reason, last, len(verdicts))
