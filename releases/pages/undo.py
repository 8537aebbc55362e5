"""The question before an undo: what leaves, what stays, who is told, and what is in the way."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from releases import candidates, changes, freezing, losses, undoing, urgent
from releases.losses import Losses
from releases.models import Change, UndoPreview
from releases.pages.losses import Fact, asked_for, told, what_stays

FILES_SHOWN = 5


def page(chosen: list[Change]) -> dict[str, Any]:
    """Everything undo.html shows. Asks a worker for the preview that nobody has asked for yet."""
    product = chosen[0].product
    found = undoing.preview(product, chosen)
    return {
        "chosen": chosen,
        "change": chosen[0],
        "keys": ", ".join(change.key for change in chosen),
        "version": urgent.next_version(product),
        "is_being_worked_out": is_queued(found) and all(map(is_live, chosen)),
        "why_not": undoing.reasons_not_to_undo(product, chosen, found),
        "together": together(chosen, found),
        "facts": facts(losses.of_undo(product, chosen), found),
        "back": changes.page_of(chosen[0]),
    }


def is_queued(found: UndoPreview | None) -> bool:
    return found is not None and found.status == UndoPreview.Status.QUEUED


def together(chosen: list[Change], found: UndoPreview | None) -> str:
    """The address of the same question with what is in the way undone too; "" when that would not help."""
    keys = {clash["with"] for clash in found.conflicts} if found and found.is_ready else set()
    others = [key.removeprefix("C-") for key in sorted(key for key in keys if key)]
    if not others:
        return ""
    known = [str(change.number) for change in chosen[1:]]
    query = "&".join(f"with={number}" for number in [*known, *others])
    return f"{reverse('releases:undo', args=[chosen[0].number])}?{query}"


def facts(lost: Losses, found: UndoPreview | None) -> list[Fact]:
    """Icon, tone and words for each thing to know before pressing."""
    known = [leaves(lost.leaving), *asked_for(lost), *files(found), what_stays(lost), *told(lost)]
    return [*known, *makes_way(lost.leaving[0])]


def leaves(chosen: list[Change]) -> Fact:
    text = ngettext("%(n)d change leaves production", "%(n)d changes leave production", len(chosen))
    return "minus", "bad", f"{text % {'n': len(chosen)}}: {', '.join(change.title for change in chosen)}"


def files(found: UndoPreview | None) -> list[Fact]:
    if found is None or not found.is_clean:
        return []
    text = ngettext("%(n)d file changes back", "%(n)d files change back", len(found.files)) % {"n": len(found.files)}
    shown = ", ".join(found.files[:FILES_SHOWN]) + (" …" if len(found.files) > FILES_SHOWN else "")
    return [("file-diff", "", f"{text}: {shown}")]


def makes_way(change: Change) -> list[Fact]:
    """The planned release that has staging steps aside meanwhile."""
    waiting = freezing.frozen(change.product).filter(parked_at=None).first()
    if waiting is None or not waiting.is_planned:
        return []
    return [("clock", "", _("%(release)s steps aside on staging until this is live") % {"release": waiting})]


def is_live(change: Change) -> bool:
    """Whether there is something to undo."""
    return change.status == Change.Status.LIVE and candidates.live(change.product) is not None
