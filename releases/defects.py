"""What a tester saw, one by one; together they are the reason of a return that everybody reads."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from releases import attachments
from releases.models import Attachment, Defect, Verdict

MOST = 20
WORDS = 4000
Severity = Defect.Severity


@dataclass(frozen=True)
class Seen:
    """One defect as it is told; `files` were kept before (attachments.keep)."""

    seen: str
    severity: str = Severity.FIX
    expected: str = ""
    step: str = ""
    files: list[Attachment] = field(default_factory=list)


def told(reason: str, several: Sequence[Seen]) -> list[Seen]:
    """The defects of a return; a reason without any is one. ValidationError without words, or for too many."""
    found = [one for one in several if one.seen.strip()] or [Seen(reason.strip())]
    if not found[0].seen:
        raise ValidationError({"reason": _("Say what you saw: the developer reads these words.")})
    if len(found) > MOST:
        raise ValidationError({"defects": _("At most %(n)d defects at once.") % {"n": MOST}})
    if any(one.severity not in Severity.values for one in found):
        raise ValidationError({"severity": _("Choose one of the three.")})
    return found


def joined(several: Sequence[Seen]) -> str:
    """All defects as one text; a single one without a number."""
    texts = [words_of(one) for one in several]
    if len(texts) == 1:
        return texts[0]
    return "\n".join(f"{number}. {text}" for number, text in enumerate(texts, start=1))


def words_of(one: Seen) -> str:
    """ "Step “Pay”: the basket is empty. Expected: both items. (Small)"; that it must be fixed goes without saying."""
    text = one.seen.strip()
    if one.step:
        text = _("Step “%(step)s”: %(text)s") % {"step": one.step, "text": text}
    if one.expected.strip():
        text = _("%(text)s Expected: %(expected)s") % {"text": text, "expected": one.expected.strip()}
    return text if one.severity == Severity.FIX else f"{text} ({Severity(one.severity).label})"


def write(verdict: Verdict, several: Sequence[Seen]) -> list[Defect]:
    """Write the defects of a return with their files."""
    made = []
    for position, one in enumerate(several, start=1):
        words = {"seen": one.seen.strip(), "expected": one.expected.strip(), "step": one.step[:300]}
        made.append(Defect.objects.create(verdict=verdict, position=position, severity=one.severity, **words))
        attachments.give(one.files, made[-1])
    return made
