"""Which changes are in a candidate: what it and everything below it took in, less what was undone since."""

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
    """Change id → how the candidate holds it, in the order in which they were taken in. Three statements."""
    held: dict[int, Held] = {}
    for row in _rows(_chain(candidate)):
        held.pop(row.change_id, None)
        if row.action == CandidateChange.Action.APPLY:
            held[row.change_id] = Held(row.change, row.revision, row.fork or row.revision.fork)
    return held


def _chain(candidate: Candidate | None) -> list[int]:
    """The candidate and everything it stands on, the oldest first. Only what was frozen or adopted is stood on."""
    if candidate is None:
        return []
    below = Candidate.objects.filter(product=candidate.product_id).exclude(base=None)
    bases = dict(below.filter(purpose=Candidate.Purpose.RELEASE).values_list("pk", "base_id"))
    chain, base = [candidate.pk], candidate.base_id
    while base is not None and base not in chain:
        chain.append(base)
        base = bases.get(base)
    return chain[::-1]


def _rows(chain: list[int]) -> list[CandidateChange]:
    rows = CandidateChange.objects.filter(candidate__in=chain).select_related("change", "revision")
    return sorted(rows, key=lambda row: (chain.index(row.candidate_id), row.position, row.pk))
