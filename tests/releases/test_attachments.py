"""Files of a return: what they are follows from their content, and nobody runs or takes what another person sent."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from releases import attachments, verdicts
from releases.defects import Seen
from releases.models import Attachment
from tests.releases.benches import told
from tests.releases.test_returns import sent

pytestmark = pytest.mark.usefixtures("storage")
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def test_nobody_takes_what_another_person_sent(cast, sign_in, staged):
    _change, candidate = staged
    mine = attachments.keep(sent(), product=cast.product, by=cast.lena)
    sign_in(cast.tess).post("/testing/1/return/", told(candidate, "It fails", d0_kept=mine.pk))
    mine.refresh_from_db()
    assert mine.defect is None


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", PNG, "image/png"),
        ("a.jpg", b"\xff\xd8\xff\xe0" + b"x" * 20, "image/jpeg"),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        ("a.mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 20, "video/mp4"),
        ("a.webm", b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "video/webm"),
        ("a.pdf", b"%PDF-1.7\n", "application/pdf"),
        ("a.log", "ошибка 51\n".encode(), "text/plain"),
    ],
)
def test_what_a_file_is_follows_from_its_content(cast, name, content, kind):
    row = attachments.keep(sent(name, content), product=cast.product, by=cast.tess)
    assert (row.content_type, row.name, row.size) == (kind, name, len(content))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", SVG),
        ("a.txt", b"  <!doctype html><script>"),
        ("a.txt", b"a\0b"),
        ("a.txt", b"\xff\xfe\xfa"),
        ("a.exe", b"MZ\x90\0\x03"),
        ("a.mkv", b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska"),
        ("a.zip", b"PK\x03\x04aaaa"),
        ("nothing.txt", b""),
    ],
)
def test_anything_else_is_refused_whatever_it_is_called(cast, name, content):
    with pytest.raises(ValidationError):
        attachments.keep(sent(name, content), product=cast.product, by=cast.tess)
    assert not Attachment.objects.exists()


def test_more_than_20_megabytes_are_refused(cast):
    with pytest.raises(ValidationError, match="larger than 20 MB"):
        attachments.keep(sent("a.png", PNG + b"\0" * (20 << 20)), product=cast.product, by=cast.tess)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("C:\\temp\\cart.PNG", "cart.png"),
        ("a\u202egnp.exe", "a_gnp.exe.png"),
        ("корзина.png", "корзина.png"),
        ('a"; rm -rf.png', "a_ rm -rf.png"),
        (".png", "png.png"),
        ("x" * 300 + ".png", "x" * 100 + ".png"),
    ],
)
def test_a_name_is_made_harmless_and_its_ending_true(name, shown):
    assert attachments.safe_name(name, "image/png") == shown


def test_a_file_is_saved_by_the_browser_and_never_shown(cast, sign_in, staged, storage):
    change, candidate = staged
    row = attachments.keep(sent("../cart.png"), product=cast.product, by=cast.tess)
    verdicts.give_back(change, candidate=candidate, by=cast.tess, several=[Seen("It fails", files=[row])])
    answer = sign_in(cast.dev).get(f"/attachments/{row.pk}/")
    assert b"".join(answer.streaming_content) == PNG
    assert answer.headers["Content-Disposition"] == 'attachment; filename="cart.png"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Type"] == "image/png"
    assert storage in (storage / row.file.name).parents
    assert "cart" not in row.file.name
    assert sign_in(cast.cleo).get(f"/attachments/{row.pk}/").status_code == 403


def test_what_belongs_to_no_defect_yet_is_only_its_senders(cast, sign_in):
    row = attachments.keep(sent(), product=cast.product, by=cast.tess)
    assert sign_in(cast.dev).get(f"/attachments/{row.pk}/").status_code == 404
    mine = sign_in(cast.tess).get(f"/attachments/{row.pk}/")
    assert mine.status_code == 200
    mine.close()


def test_a_file_that_is_gone_is_not_found(cast, sign_in):
    row = attachments.keep(sent(), product=cast.product, by=cast.tess)
    row.file.storage.delete(row.file.name)
    assert sign_in(cast.tess).get(f"/attachments/{row.pk}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_file_goes_with_its_row_but_never_before_the_commit(cast, storage):
    row = attachments.keep(sent(), product=cast.product, by=cast.tess)
    place = storage / row.file.name
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Attachment.objects.all().delete()
        raise ZeroDivisionError
    assert place.exists()
    Attachment.objects.all().delete()
    assert not place.exists()


def test_what_nobody_completed_within_a_day_is_forgotten(cast):
    now = timezone.now()
    attachments.keep(sent(), product=cast.product, by=cast.tess, at=now - timedelta(hours=25))
    fresh = attachments.keep(sent(), product=cast.product, by=cast.tess, at=now)
    assert attachments.forget_drafts(at=now) == 1
    assert Attachment.objects.get() == fresh
