"""Which changes are in a candidate: what it and everything below it took in, less what was undone since."""

from collections.abc import Sequence
from dataclasses import dataclass

from releases.models import Candidate, CandidateChange, Change, Revision


@dataclass(frozen=True)
class Held:
    """A change as a candidate holds it: the step `fork` → `tip` that brought it, by which it is undone."""

    change: Change
    revision: Revision
    fork: str

    @property
    def tip(self) -> str:
        return self.revision.tip


def contents(candidate: Candidate | None) -> dict[int, Held]:
    """Change id → how the candidate holds it, in the order in which they were taken in. Two statements."""
    return contents_of([candidate])[0] if candidate is not None else {}


def brought_lately(candidate: Candidate, count: int) -> list[Change]:
    """What it holds that came with it or with one of the `count - 1` candidates right below it. Four statements."""
    chain = _chain(candidate, _bases([candidate]))[-count:]
    taken = CandidateChange.objects.filter(candidate__in=chain, action=CandidateChange.Action.APPLY)
    lately = set(taken.values_list("change_id", flat=True))
    return [held.change for pk, held in contents(candidate).items() if pk in lately]


def contents_of(several: Sequence[Candidate]) -> list[dict[int, Held]]:
    """The contents of each of these candidates of one product. Two statements."""
    bases = _bases(several)
    chains = [_chain(candidate, bases) for candidate in several]
    taken = CandidateChange.objects.filter(candidate__in={pk for chain in chains for pk in chain})
    rows = list(taken.select_related("change", "revision"))
    return [_held(chain, rows) for chain in chains]


def _held(chain: list[int], rows: list[CandidateChange]) -> dict[int, Held]:
    own = [row for row in rows if row.candidate_id in chain]
    held: dict[int, Held] = {}
    for row in sorted(own, key=lambda row: (chain.index(row.candidate_id), row.position, row.pk)):
        held.pop(row.change_id, None)
        if row.action == CandidateChange.Action.APPLY:
            held[row.change_id] = Held(row.change, row.revision, row.fork or row.revision.fork)
    return held


def _bases(several: Sequence[Candidate]) -> dict[int, int]:
    """Candidate id → what it was composed on. Only what was frozen or adopted is stood on."""
    if not several:
        return {}
    below = Candidate.objects.filter(product=several[0].product_id).exclude(base=None)
    return dict(below.filter(purpose=Candidate.Purpose.RELEASE).values_list("pk", "base_id"))


def _chain(candidate: Candidate, bases: dict[int, int]) -> list[int]:
    """The candidate and everything it stands on, the oldest first."""
    chain, base = [candidate.pk], candidate.base_id
    while base is not None and base not in chain:
        chain.append(base)
        base = bases.get(base)
    return chain[::-1]
