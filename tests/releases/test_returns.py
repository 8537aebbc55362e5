"""Returning a change: several defects in one transaction, files that are what they seem, and nothing typed is lost."""

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from releases import changes, verdicts
from releases.defects import Seen
from releases.models import Attachment, Change, Defect, Verdict
from tests.releases.benches import ticks, told

pytestmark = pytest.mark.usefixtures("storage")
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def sent(name: str = "cart.png", content: bytes = PNG) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_several_defects_are_one_return_and_one_text(cast, staged):
    change, candidate = staged
    several = [Seen("The basket is empty", "block", "Both items", "Pay"), Seen("The button is grey", "minor")]
    verdict = verdicts.give_back(change, candidate=candidate, by=cast.tess, several=several)
    assert [(one.severity, one.seen) for one in verdict.defects.all()] == [
        ("block", "The basket is empty"),
        ("minor", "The button is grey"),
    ]
    change.refresh_from_db()
    assert change.return_reason == verdict.reason
    for word in ("1. Step “Pay”: The basket is empty", "Expected: Both items", "2. The button is grey (Small)"):
        assert word in verdict.reason


def test_a_plain_reason_is_one_defect_and_reads_as_it_was_written(cast, staged):
    change, candidate = staged
    verdict = verdicts.give_back(change, candidate=candidate, by=cast.tess, reason="The list is empty")
    assert verdict.reason == "The list is empty"
    assert verdict.defects.get().severity == "fix"


def test_a_return_that_is_refused_leaves_no_defect_behind(cast, staged):
    change, candidate = staged
    verdicts.hold(cast.product.environments.get(kind="staging"), by=cast.lena, minutes=30)
    with pytest.raises(verdicts.NotAllowed):
        verdicts.give_back(change, candidate=candidate, by=cast.tess, several=[Seen("It fails")])
    with pytest.raises(ValidationError):
        verdicts.give_back(change, candidate=candidate, by=cast.tess, several=[Seen("It fails", "worst")])
    assert not Defect.objects.exists()
    assert not Verdict.objects.exists()


def test_what_was_approved_may_still_be_returned_from_the_bench(cast, sign_in, staged):
    change, candidate = staged
    verdicts.approve(change, candidate=candidate, by=cast.tess)
    tess = sign_in(cast.tess)
    bench = tess.get("/testing/?change=1").content.decode()
    assert "Approved by Tess" in bench
    assert f"/testing/1/return/?candidate={candidate.pk}" in bench
    tess.post("/testing/1/return/", told(candidate, "On a second look it fails"))
    change.refresh_from_db()
    assert change.is_returned


def test_returns_are_counted_on_the_bench_the_page_and_in_the_api(cast, sign_in, staged, build, on_staging):
    change, candidate = staged
    for line in (30, 40):
        verdicts.give_back(change, candidate=candidate, by=cast.tess, reason="It fails")
        changes.mark_ready(build(change, line=line), by=cast.dev)
        candidate = on_staging()
        change.refresh_from_db()
    assert "returned 2 times" in sign_in(cast.tess).get("/testing/").content.decode()
    assert "returned 2 times" in sign_in(cast.dev).get("/changes/1/").content.decode()
    assert verdicts.returns_of([change]) == {change.pk: 2}


def test_another_row_keeps_all_that_was_typed_and_the_files(cast, sign_in, staged):
    _change, candidate = staged
    tess = sign_in(cast.tess)
    typed = told(candidate, "The basket is empty", d0_expected="Both items", d0_severity="block", d0_files=sent())
    answer = tess.post("/testing/1/return/", typed | {"more": "1"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'name="d1-seen"' in page
    assert "There is a problem" not in page
    assert page.index("The basket is empty") < page.index("Both items")
    kept = Attachment.objects.get()
    assert f'name="d0-kept" value="{kept.pk}" checked' in page
    assert not Verdict.objects.exists()


def test_a_row_that_is_left_out_takes_nothing_of_the_others_along(cast, sign_in, staged):
    _change, candidate = staged
    typed = told(candidate, "First", "Second", "Third") | {"less": "1"}
    page = sign_in(cast.tess).post("/testing/1/return/", typed).content.decode()
    assert "First" in page
    assert "Third" in page
    assert "Second" not in page


def test_a_mistake_names_its_field_and_nothing_typed_is_lost(cast, sign_in, staged):
    _change, candidate = staged
    tess = sign_in(cast.tess)
    typed = told(candidate, "The basket is empty", "", d1_expected="A price", d0_files=[sent(), sent("x.svg", SVG)])
    answer = tess.post("/testing/1/return/", typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_d1-seen"' in page
    assert 'href="#id_d0-files"' in page
    assert "“x.svg” is none of these" in page
    for text in ("The basket is empty", "A price"):
        assert text in page
    kept = Attachment.objects.get()
    again = told(candidate, "The basket is empty", "No price", d0_kept=kept.pk)
    assert tess.post("/testing/1/return/", again).status_code == 302
    kept.refresh_from_db()
    assert kept.defect.seen == "The basket is empty"
    assert Verdict.objects.get().defects.count() == 2


def test_a_build_that_was_replaced_meanwhile_keeps_what_was_typed(
    cast, sign_in, staged, plan_of, idea_of, build, on_staging
):
    from releases import plan

    change, old = staged
    other = plan.add_idea(change.release, idea_of("Wrap gifts"), by=cast.petra)
    changes.mark_ready(build(other, line=40), by=cast.dev)
    now = on_staging()
    answer = sign_in(cast.tess).post("/testing/1/return/", told(old, "The basket is empty"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Another version is on staging" in page
    assert "Wrap gifts came in" in page
    assert "The basket is empty" in page
    assert f'name="candidate" value="{now.pk}"' in page


def test_the_ticks_of_a_refused_approval_are_kept(cast, sign_in, staged):
    change, candidate = staged
    tess, (first, second) = sign_in(cast.tess), ticks(change)
    half = tess.post("/testing/1/approve/", {"candidate": candidate.pk, "tried": [first]})
    assert half.status_code == 422
    page = tess.get("/testing/").content.decode()
    assert f'value="{first}" form="approve" checked' in page
    assert f'value="{second}" form="approve" checked' not in page
    assert f'value="{first}" form="approve" checked' not in sign_in(cast.lena).get("/testing/").content.decode()


def test_a_tick_that_is_taken_away_is_gone(cast, sign_in, staged):
    change, candidate = staged
    tess, (first, _second) = sign_in(cast.tess), ticks(change)
    for sent_ticks in ([first], []):
        tess.post("/testing/1/tried/", {"candidate": candidate.pk, "tried": sent_ticks})
    assert "0 of 2 steps tried" in tess.get("/testing/").content.decode()
    said = tess.post("/testing/1/tried/", {"candidate": candidate.pk, "tried": [first]}, headers={"HX-Request": "true"})
    assert "1 of 2 steps tried" in said.content.decode()


def test_a_replaced_build_is_answered_with_what_changed(cast, sign_in, staged, idea_of, build, on_staging):
    from releases import plan

    change, old = staged
    other = plan.add_idea(change.release, idea_of("Wrap gifts"), by=cast.petra)
    changes.mark_ready(build(other, line=40), by=cast.dev)
    now = on_staging()
    tess = sign_in(cast.tess)
    answer = tess.post("/testing/1/approve/", {"candidate": old.pk, "tried": ticks(change)})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert f"Build {now.pk} is on staging now, you tried Build {old.pk}; your ticks are kept" in page
    assert "Wrap gifts came in" in page
    assert Change.objects.get(pk=change.pk).status == Change.Status.STAGING
