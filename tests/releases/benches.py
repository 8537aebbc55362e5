"""What a tester's browser sends."""

from releases import steps, tries
from releases.models import Candidate, Change


def ticks(change: Change) -> list[str]:
    """The boxes of all steps."""
    return [tries.hash_of(step) for step in steps.of(change)]


def told(candidate: Candidate, *seen: str, **more: object) -> dict[str, object]:
    """The form of a return with a defect per text; `more` adds or overrides fields."""
    rows = {f"d{place}-seen": text for place, text in enumerate(seen)}
    kinds = {f"d{place}-severity": "fix" for place in range(len(seen))}
    return {"candidate": candidate.pk, "rows": len(seen), **rows, **kinds} | {
        name.replace("_", "-", 1): value for name, value in more.items()
    }
