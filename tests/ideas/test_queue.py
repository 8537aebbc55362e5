"""The development queue: moving by hand with a reason, why each idea stands where it stands, and the cut line."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from ideas import boards, places, queueing, services
from ideas.models import Idea, Rhythm
from lifecycle.models import Event
from lifecycle.transitions import NotAllowed
from releases import plan
from tests.cast import Cast, SignIn
from tests.ideas.test_portal import page
from tests.ideas.wishes import everybody_votes, fresh, on_stage, share

HTMX = {"HTTP_HX_REQUEST": "true"}
WHY = "Worth it before the holidays."


@pytest.fixture
def bugs(cast: Cast) -> list[Idea]:
    """Three bugs in the queue, 1 to 3."""
    made = [share(cast, f"Bug {number}", kind="bug") for number in (1, 2, 3)]
    for bug in made:
        services.queue_bug(bug, by=cast.petra)
    return [fresh(bug) for bug in made]


def order() -> list[int]:
    return list(Idea.objects.queue().values_list("number", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("number", "after", "expected", "place"),
    [(3, None, [3, 1, 2], 1), (3, 1, [1, 3, 2], 2), (1, 3, [2, 3, 1], 3), (1, 2, [2, 1, 3], 2)],
)
def test_an_idea_goes_behind_another_or_on_top(
    cast: Cast, bugs: list[Idea], number: int, after: int | None, expected: list[int], place: int
) -> None:
    assert queueing.place(bugs[number - 1], after=after, by=cast.petra, reason=WHY) == place
    assert order() == expected


@pytest.mark.django_db
def test_the_same_move_again_is_no_news(cast: Cast, bugs: list[Idea]) -> None:
    for _time in range(2):
        assert queueing.place(bugs[2], after=1, by=cast.petra, reason=WHY) == 2
    assert order() == [1, 3, 2]
    assert Event.objects.filter(verb=queueing.MOVED).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("after", "reason", "field"), [(None, "  ", "reason"), (99, WHY, "after"), (3, WHY, "after")])
def test_a_move_without_a_reason_or_behind_nothing_is_refused(
    cast: Cast, bugs: list[Idea], after: int | None, reason: str, field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        queueing.place(bugs[2], after=after, by=cast.petra, reason=reason)
    assert list(refused.value.message_dict) == [field]
    assert order() == [1, 2, 3]


@pytest.mark.django_db
def test_what_is_not_queued_has_no_place(cast: Cast, bugs: list[Idea]) -> None:
    with pytest.raises(NotAllowed, match="not in the queue"):
        queueing.place(share(cast, "Wish"), after=None, by=cast.petra, reason=WHY)


@pytest.mark.django_db
def test_one_step_needs_a_reason_too(cast: Cast, bugs: list[Idea]) -> None:
    with pytest.raises(ValidationError, match="Say why"):
        boards.move_in_queue(bugs[2], by=cast.petra, up=True)
    boards.move_in_queue(bugs[2], by=cast.petra, up=True, reason=WHY)
    boards.move_in_queue(bugs[0], by=cast.petra, up=False, reason=WHY)
    assert order() == [3, 1, 2]


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_both_count(cast: Cast, bugs: list[Idea]) -> None:
    ready = threading.Barrier(2)

    def go(bug: Idea) -> None:
        try:
            ready.wait(5)
            queueing.place(bug, after=None, by=cast.petra, reason=WHY)
        finally:
            connection.close()

    for _round in range(10):
        last_two = [fresh(bug) for bug in Idea.objects.queue()[1:]]
        threads = [threading.Thread(target=go, args=[bug]) for bug in last_two]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(order()[:2]) == {bug.number for bug in last_two}, "the one that came second undid nothing"
        assert sorted(Idea.objects.queue().values_list("queue_rank", flat=True)) == [1, 2, 3]


def whys(cast: Cast, number: int) -> list[tuple[str, str]]:
    queue = places.queue_of(cast.product, at=timezone.now())
    return next([tuple(why) for why in place.whys] for place in queue.places if place.idea.number == number)


@pytest.mark.django_db
def test_the_board_says_why_until_somebody_moves_it_and_again_after(cast: Cast, bugs: list[Idea]) -> None:
    item = on_stage(cast, "Gift wrapping")
    everybody_votes(cast, item)
    boards.reveal(item, by=cast.petra)
    boards.decide(item, by=cast.petra, outcome="queue", reason="Asked daily.")
    boards.close_session(item.session, by=cast.petra)
    assert whys(cast, 4) == [("board", "3 of 3 on the board: Asked daily.")]
    idea = fresh(item.idea)
    queueing.place(idea, after=1, by=cast.lena, reason=WHY)
    hand = ("hand", f"Moved up 2 by Lena: {WHY}")
    assert whys(cast, 4) == [hand, ("board", "3 of 3 on the board: Asked daily.")]
    item.decisions.update(at=timezone.now())
    assert whys(cast, 4) == [("board", "3 of 3 on the board: Asked daily.")], "the board met after that"


@pytest.mark.django_db
def test_figures_say_why_where_nobody_decided(cast: Cast, bugs: list[Idea]) -> None:
    assert whys(cast, 1) == [("figures", "A fault, 1 vote")]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("unit", "cut", "line"), [("points", "3 points", "2 points do"), ("days", "3 days", "2 days do")]
)
def test_below_the_line_it_says_what_does_not_fit(cast: Cast, bugs: list[Idea], unit: str, cut: str, line: str) -> None:
    Rhythm.objects.create(product=cast.product, unit=unit, per_developer=3, developers=1)
    queue = places.queue_of(cast.product, at=timezone.now())
    assert (queue.last_fitting, queue.cut) == (1, f"{cut}, the next release ends here")
    assert whys(cast, 2)[-1] == ("line", f"{line} not fit any more")


@pytest.mark.django_db
def test_the_form_asks_why_and_the_row_says_it(cast: Cast, bugs: list[Idea], sign_in: SignIn) -> None:
    petra = sign_in(cast.petra)
    text = page(petra, "/queue/")
    assert 'href="/queue/3/place/?after=1"' in text and 'href="/queue/1/place/?after=2"' in text
    assert '<option value="1" selected>After 1 Bug 1</option>' in page(petra, "/queue/3/place/?after=1")
    answer = petra.post("/queue/3/place/", {"after": "1", "reason": ""})
    assert answer.status_code == 422 and "Say why" in answer.content.decode()
    assert petra.post("/queue/3/place/", {"after": "top", "reason": WHY}).status_code == 302
    assert order() == [3, 1, 2]
    assert f"Moved up 2 by Petra: {WHY}" in page(petra, "/queue/")


@pytest.mark.django_db
def test_in_the_dialog_it_is_a_fragment_that_leads_back(cast: Cast, bugs: list[Idea], sign_in: SignIn) -> None:
    petra = sign_in(cast.petra)
    assert "<html" not in petra.get("/queue/3/place/?after=top", **HTMX).content.decode()
    assert "<html" not in petra.post("/queue/3/place/", {"after": "1"}, **HTMX).content.decode()
    answer = petra.post("/queue/3/place/", {"after": "1", "reason": WHY}, **HTMX)
    assert answer["HX-Redirect"] == "/queue/"


@pytest.mark.django_db
def test_only_those_who_order_it_have_the_controls(cast: Cast, bugs: list[Idea], sign_in: SignIn) -> None:
    assert "/queue/3/place/" not in page(sign_in(cast.dev), "/queue/").replace('data-place="/queue/3/place/"', "")
    for person in (cast.dev, cast.max, cast.cleo):
        assert sign_in(person).post("/queue/3/place/", {"after": "top", "reason": WHY}).status_code == 403
    assert order() == [1, 2, 3]


@pytest.mark.django_db
def test_what_is_in_a_draft_is_said_and_not_offered_again(cast: Cast, bugs: list[Idea], sign_in: SignIn) -> None:
    petra, day = sign_in(cast.petra), timezone.localdate() + timedelta(days=9)
    draft = plan.create(product=cast.product, version="24.12", target_date=day, ideas=bugs[:1], by=cast.petra)
    text = petra.get("/queue/drafted/", **HTMX).content.decode()
    assert "1 idea is in a draft already" in text and 'id="drafted-1" hx-swap-oob="true"' in text
    assert petra.get("/queue/drafted/")["Location"] == "/releases/"
    offered = page(petra, "/releases/new/")
    assert "Bug 1" not in offered and "Bug 2" in offered
    again = {"version": "25.1", "target_date": str(day), "ideas": [bugs[0].pk]}
    assert petra.post("/releases/new/", again).status_code == 422
    plan.drop(draft, by=cast.petra, reason="Not now.")
    assert petra.get("/queue/drafted/", **HTMX).content.decode().strip() == ""
    assert "Bug 1" in page(petra, "/releases/new/")


@pytest.mark.django_db
def test_the_api_reads_the_queue_and_moves_in_it(cast: Cast, bugs: list[Idea], sign_in: SignIn) -> None:
    api, petra = "/api/v1/products/shop/queue/", sign_in(cast.petra)
    before = petra.get(api).json()
    assert (before["unit"], before["capacity"], [row["number"] for row in before["results"]]) == (
        "points",
        20,
        [1, 2, 3],
    )
    moved = petra.post(f"{api}3/place/", {"after": None, "reason": WHY}, content_type="application/json")
    assert [row["number"] for row in moved.json()["results"]] == [3, 1, 2]
    assert moved.json()["results"][0]["why"] == [f"Moved up 2 by Petra: {WHY}"]
    refused = petra.post(f"{api}3/place/", {"after": 99, "reason": WHY}, content_type="application/json")
    assert refused.status_code == 422 and "99" in str(refused.json())
    unsaid = petra.post(f"{api}3/place/", {"after": 1}, content_type="application/json")
    assert unsaid.status_code == 422
    assert sign_in(cast.dev).post(f"{api}3/place/", {"after": 1, "reason": WHY}).status_code == 403
    assert sign_in(cast.cleo).get(api).status_code == 403


@pytest.mark.django_db
def test_one_press_plans_what_is_above_the_line(cast: Cast, bugs: list[Idea], sign_in: SignIn) -> None:
    Rhythm.objects.create(product=cast.product, per_developer=4, developers=1)
    petra = sign_in(cast.petra)
    assert 'action="/releases/from-top/"' in page(petra, "/queue/")
    assert 'action="/releases/from-top/"' not in page(sign_in(cast.dev), "/queue/")
    draft = petra.post("/releases/from-top/")["Location"]
    text = page(petra, draft)
    assert "Bug 1" in text and "Bug 2" in text
    assert petra.get("/queue/drafted/", **HTMX).content.decode().count("hx-swap-oob") == 2
