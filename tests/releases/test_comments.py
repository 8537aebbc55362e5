"""What the team says about a change, and who hears of it."""

import pytest
from django.core.exceptions import ValidationError

from lifecycle.models import Membership, Notification, Role
from releases import comments
from releases.models import Change, Verdict
from tests.cast import Cast, SignIn
from tests.deployments.paper import Paper

pytestmark = pytest.mark.django_db
API = "/api/v1/products/shop/changes/{}/comments/"


@pytest.fixture
def change(cast: Cast) -> Change:
    """Dev's change, which Tess has tried."""
    paper = Paper(cast)
    Change.objects.filter(pk=paper.change.pk).update(developer=cast.dev)
    Verdict.objects.filter(change=paper.change).delete()
    Verdict.objects.create(
        change=paper.change,
        revision=paper.change.revision,
        candidate=paper.release.candidate,
        digest="d",
        outcome=Verdict.Outcome.RETURNED,
        reason="No.",
        by=cast.tess,
        at=paper.now,
    )
    return Change.objects.get(pk=paper.change.pk)


def told() -> set[str]:
    return set(Notification.objects.filter(event="change.comment").values_list("user__name", flat=True))


def test_the_developer_the_tester_and_earlier_commenters_hear_of_it(cast: Cast, change: Change) -> None:
    made = comments.comment(change, text="See the old branch", by=cast.lena)
    assert made.audience == "team"
    assert told() == {"Dev", "Tess"}
    Notification.objects.all().delete()
    comments.comment(change, text="I did.", by=cast.dev)
    assert told() == {"Tess", "Lena"}
    news = Notification.objects.filter(event="change.comment").first()
    assert news.url.endswith(f"/changes/{change.number}/#comments")
    assert news.data["who"] == "Dev"


def test_somebody_who_is_only_a_customer_by_now_hears_nothing(cast: Cast, change: Change) -> None:
    comments.comment(change, text="From the team", by=cast.lena)
    Membership.objects.filter(user=cast.lena).update(roles=[Role.CUSTOMER])
    Membership.objects.filter(user=cast.tess).delete()
    Notification.objects.all().delete()
    comments.comment(change, text="A secret", by=cast.dev)
    assert told() == set()


def test_without_words_there_is_no_comment(cast: Cast, change: Change) -> None:
    with pytest.raises(ValidationError, match="Write something"):
        comments.comment(change, text=" \n", by=cast.dev)


def test_the_api_lists_and_posts(cast: Cast, change: Change, sign_in: SignIn) -> None:
    url, dev = API.format(change.number), sign_in(cast.dev)
    assert dev.get(url).json() == []
    made = dev.post(url, {"text": "On it."}, content_type="application/json")
    assert (made.status_code, made.json()["author"], made.json()["text"]) == (201, "Dev", "On it.")
    assert [row["text"] for row in sign_in(cast.max).get(url).json()] == ["On it."]
    assert dev.post(url, {"text": " "}, content_type="application/json").status_code == 422
    for method in ("get", "post"):
        assert getattr(sign_in(cast.cleo), method)(url).status_code == 403
