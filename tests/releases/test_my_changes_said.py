"""What others said about a developer's changes stands on their page, however many there are."""

import pytest

from ideas.models import Idea
from releases import comments
from releases.models import Attachment, Change, Check, Defect, Verdict
from releases.waiting import to_build
from tests.cast import SignIn
from tests.deployments.paper import Paper
from tests.ideas.test_statement_counts import statements
from tests.releases.test_my_changes import clash, idea_of, page, report

pytestmark = pytest.mark.django_db
S = Change.Status


def test_a_return_shows_the_testers_words_and_how_often_it_was(cast, change_of, paper, sign_in: SignIn) -> None:
    change = change_of(7, return_reason="The address is still there")
    for reason in ("It does not start", "The address is still there"):
        Verdict.objects.create(
            change=change,
            revision=change.revision,
            candidate=paper.release.candidate,
            digest="d",
            outcome=Verdict.Outcome.RETURNED,
            reason=reason,
            by=cast.tess,
            at=paper.now,
        )
    text = page(sign_in(cast.dev))
    assert "The address is still there" in text and "Tess, " in text and "Returned 2 times" in text
    Change.objects.filter(pk=change.pk).update(return_reason="")
    text = page(sign_in(cast.dev))
    assert "The address is still there" not in text, "it was pushed again since"
    assert "Returned 2 times" in text


def test_a_return_shows_each_defect_with_its_files(cast, change_of, paper, sign_in: SignIn) -> None:
    change = change_of(7, return_reason="1. The basket is empty 2. The button is grey")
    verdict = no_to(change, paper, reason=change.return_reason)
    worst = Defect.objects.create(
        verdict=verdict, position=1, severity="block", seen="The basket is empty", expected="Both items", step="Pay"
    )
    Defect.objects.create(verdict=verdict, position=2, severity="minor", seen="The button is grey")
    file = Attachment.objects.create(
        product=cast.product,
        defect=worst,
        name="cart.png",
        content_type="image/png",
        size=9,
        by=cast.tess,
        at=paper.now,
    )
    text = page(sign_in(cast.dev))
    for words in (
        "Nobody may get this",
        "The basket is empty",
        "Both items",
        "<small>Pay</small>",
        "The button is grey",
    ):
        assert words in text, words
    assert f'href="/attachments/{file.pk}/"' in text and "cart.png" in text


def test_the_last_comments_stand_there_with_a_form_that_leads_back(cast, change_of, sign_in: SignIn) -> None:
    change, client = change_of(7), sign_in(cast.dev)
    for number in range(4):
        comments.comment(change, text=f"Word {number}", by=cast.lena)
    text = page(client)
    assert "Word 3" in text and "Word 2" in text and "Word 1" not in text and "2 earlier comments" in text
    answer = client.post("/changes/7/comment/", {"text": "Done.", "next": "/my-changes/"})
    assert answer["Location"] == "/my-changes/"
    assert "Done." in page(client)
    assert client.post("/changes/7/comment/", {"text": " "}).status_code == 422


def test_twenty_changes_take_no_more_statements_than_two(cast, change_of, paper, sign_in: SignIn) -> None:
    client = sign_in(cast.dev)
    other = change_of(99, developer=cast.lena, status=S.STAGING)

    def one_more(number: int) -> None:
        conflict = {"key": f"C-{number}", "with": "C-99", "files": ["shop.py"]} if number % 3 == 0 else None
        change = change_of(number, conflict=conflict, return_reason="No." if number % 3 == 1 else "")
        report(change, "build", Check.Status.PASSED)
        clash(other, change, files=["shop.py"])
        comments.comment(change, text="Hm.", by=cast.lena)
        change.ideas.add(Idea.objects.create(**idea_of(cast, number)))
        returned(change, paper)

    for number in (10, 11, 12):
        one_more(number)
    few = statements(lambda: client.get("/my-changes/"))
    for number in range(13, 31):
        one_more(number)
    many = statements(lambda: client.get("/my-changes/"))
    assert len(many) == len(few) <= 18
    assert page(client).count('class="card mychg"') == 21


def no_to(change: Change, paper: Paper, *, reason: str) -> Verdict:
    return Verdict.objects.create(
        change=change,
        revision=change.revision,
        candidate=paper.release.candidate,
        digest="d",
        outcome=Verdict.Outcome.RETURNED,
        reason=reason,
        by=paper.cast.tess,
        at=paper.now,
    )


def returned(change: Change, paper: Paper) -> None:
    verdict = no_to(change, paper, reason="No.")
    defect = Defect.objects.create(verdict=verdict, position=1, seen="No.")
    facts = {"product": change.product, "content_type": "image/png", "size": 9, "by": paper.cast.tess, "at": paper.now}
    Attachment.objects.create(defect=defect, name="cart.png", **facts)


def test_the_inbox_does_not_ask_again_for_each_change(cast, change_of) -> None:
    def ask() -> None:
        list(to_build(cast.actor(cast.dev)))

    change_of(7)
    few = len(statements(ask))
    for number in range(8, 28):
        change_of(number)
    assert len(statements(ask)) == few
