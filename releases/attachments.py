"""Pictures, recordings and logs of defects: only kinds that are known by their content, kept below names of our own."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import IO, Protocol

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from lifecycle.models import Product, User
from releases.models import Attachment, Defect

LIMIT_BYTES = 20 << 20
HEAD_BYTES = 4096
DRAFT_HOURS = 24
NAME_CHARACTERS = 100
ENDINGS = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "video/mp4": (".mp4", ".m4v", ".mov"),
    "video/webm": (".webm", ".mkv"),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".log", ".csv", ".json", ".md", ".har"),
}
MARKUP = re.compile(rb"^\s*<(?:!doctype|\?xml|html|svg|script|body|head)|<svg", re.IGNORECASE)
NOT_TEXT = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")
HARMLESS = re.compile(r"[^\w. ()+\-]+")


class Sent(Protocol):
    """What Django makes of an uploaded file."""

    name: str | None
    size: int | None
    file: IO[bytes]

    def chunks(self) -> Iterable[bytes]: ...


def kind_of(sent: Sent) -> str:
    """The content type by the content, whatever the file is called; ValidationError unless it is one we take."""
    if (sent.size or 0) > LIMIT_BYTES:
        raise ValidationError(_("“%(name)s” is larger than 20 MB.") % {"name": safe_name(sent.name or "")})
    found = by_magic(head(sent)) or ("text/plain" if is_text(sent) else "")
    if not found:
        text = _("“%(name)s” is none of these: PNG, JPEG, WebP, MP4, WebM, PDF or plain text.")
        raise ValidationError(text % {"name": safe_name(sent.name or "")})
    return found


def head(sent: Sent) -> bytes:
    sent.file.seek(0)
    start = sent.file.read(HEAD_BYTES)
    sent.file.seek(0)
    return start


def by_magic(start: bytes) -> str:
    """What the first bytes say; "" if they are nothing we know."""
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    if start[4:8] == b"ftyp" and start[8:12] not in (b"heic", b"avif", b"mif1"):
        return "video/mp4"
    if start.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in start[:64]:
        return "video/webm"
    return "application/pdf" if start.startswith(b"%PDF-") else ""


def is_text(sent: Sent) -> bool:
    """Whether all of it is plain words in UTF-8, and no markup that a browser might draw or run."""
    whole = b"".join(sent.chunks())
    sent.file.seek(0)
    if not whole or NOT_TEXT.search(whole) or MARKUP.search(whole[:HEAD_BYTES]):
        return False
    try:
        whole.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def safe_name(name: str, content_type: str = "") -> str:
    """What the person called it, without paths, control characters and surprises, with an ending that is true."""
    plain = HARMLESS.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .") or "file"
    endings = ENDINGS.get(content_type, ())
    stem, dot, ending = plain.rpartition(".")
    if not endings:
        return plain[-NAME_CHARACTERS:]
    if dot and f".{ending.lower()}" in endings:
        return f"{stem[:NAME_CHARACTERS] or 'file'}.{ending.lower()}"
    return plain[:NAME_CHARACTERS] + endings[0]


@transaction.atomic
def keep(sent: Sent, *, product: Product, by: User, at: datetime | None = None) -> Attachment:
    """Store a file that belongs to no defect yet; ValidationError for what we do not take."""
    content_type = kind_of(sent)
    made = Attachment(product=product, by=by, at=at or timezone.now(), content_type=content_type, size=sent.size or 0)
    made.name = safe_name(sent.name or "", content_type)
    made.file.save(made.name, sent, save=False)
    made.save()
    return made


def drafts(product: Product, by: User) -> dict[int, Attachment]:
    """What this person sent with forms that are not complete yet."""
    return {row.pk: row for row in Attachment.objects.filter(product=product, by=by, defect=None)}


def give(kept: Iterable[Attachment], defect: Defect) -> None:
    """They belong to this defect from now on."""
    Attachment.objects.filter(pk__in=[row.pk for row in kept], defect=None).update(defect=defect)


def forget_drafts(*, at: datetime | None = None) -> int:
    """Remove what was sent with forms that nobody completed within a day; how many."""
    since = (at or timezone.now()) - timedelta(hours=DRAFT_HOURS)
    gone, _by_model = Attachment.objects.filter(defect=None, at__lt=since).delete()
    return gone


@receiver(post_delete, sender=Attachment)
def remove_file(instance: Attachment, **_more: object) -> None:
    """The file goes with its row, also where a change or a product takes the row along; never before the commit."""
    storage, name = instance.file.storage, instance.file.name
    if name:
        transaction.on_commit(lambda: storage.delete(name), robust=True)
