"""The portal in a browser without JavaScript, and as htmx asks it."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from ideas import services
from ideas.models import Idea, Stop
from lifecycle.models import Comment
from tests.cast import Cast
from tests.ideas.wishes import fresh, share

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
HTMX = {"HTTP_HX_REQUEST": "true"}


def page(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def test_a_visitor_reads_the_list_but_is_asked_to_sign_in_to_vote(cast: Cast, sign_in: SignIn) -> None:
    idea = share(cast)
    visitor = sign_in(None)
    assert "Gift wrapping with a note" in page(visitor, "/ideas/")
    answer = visitor.post(f"/ideas/{idea.number}/vote/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/")
    assert fresh(idea).votes == 1


def test_the_list_is_searched_filtered_sorted_and_paged(cast: Cast, sign_in: SignIn) -> None:
    for number in range(25):
        share(cast, f"Wish {number:02}")
    live = share(cast, "Ёлочные игрушки")
    services.reach(live, Stop.PRODUCTION, by=cast.petra)
    client = sign_in(cast.cleo)
    first = page(client, "/ideas/?sort=newest")
    assert first.count('class="idea"') == 20
    more = unescape(re.search(r'hx-get="(\?[^"]*after=[^"]*)"', first).group(1))
    second = client.get(f"/ideas/{more}", **HTMX).content.decode()
    assert second.count('class="idea"') == 6
    assert "<html" not in second
    assert "Ёлочные" in page(client, "/ideas/?q=елочная")
    assert page(client, "/ideas/?s=live").count('class="idea"') == 1
    assert page(client, "/ideas/?s=followed&q=Wish").count('class="idea"') == 20
    assert "No idea matches" in page(client, "/ideas/?q=zzzz")
    assert page(client, "/ideas/?after=nonsense&sort=moved").count('class="idea"') == 20


def test_sharing_works_as_a_form_and_as_a_dialog(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.cleo)
    answer = client.post("/ideas/new/", {"title": "Gift wrapping", "body": "For *my* mother"})
    assert answer["Location"] == "/ideas/1/"
    assert Idea.objects.get().source == "customer"
    done = client.post("/ideas/new/", {"title": "Faster search", "kind": "bug"}, **HTMX)
    assert "Thank you" in done.content.decode()
    assert Idea.objects.get(number=2).kind == "bug"


def test_a_bad_form_is_422_and_loses_nothing(cast: Cast, sign_in: SignIn) -> None:
    for headers in ({}, HTMX):
        answer = sign_in(cast.cleo).post("/ideas/new/", {"title": " ", "body": "Because of mother"}, **headers)
        text = answer.content.decode()
        assert answer.status_code == 422
        assert "There is a problem" in text
        assert "Because of mother" in text
    assert not Idea.objects.exists()


def test_the_source_follows_the_role_and_only_the_team_may_set_it(cast: Cast, sign_in: SignIn) -> None:
    sign_in(cast.cleo).post("/ideas/new/", {"title": "One", "source": "management", "team_only": "on"})
    sign_in(cast.dev).post("/ideas/new/", {"title": "Two"})
    sign_in(cast.max).post("/ideas/new/", {"title": "Three"})
    sign_in(cast.petra).post("/ideas/new/", {"title": "Four", "source": "customer", "team_only": "on"})
    rows = list(Idea.objects.order_by("number").values_list("source", "team_only"))
    assert rows == [("customer", False), ("developer", False), ("management", False), ("customer", True)]


def test_similar_ideas_show_while_typing_with_me_too_in_place(cast: Cast, sign_in: SignIn) -> None:
    idea = share(cast, "Pay with Apple Pay at checkout")
    client = sign_in(cast.carl)
    text = client.get("/ideas/similar/", {"title": "aple pay chekout"}, **HTMX).content.decode()
    assert "Pay with Apple Pay at checkout" in text
    assert "Me too" in text
    after = client.post(f"/ideas/{idea.number}/vote/", {"look": "like", "title": "x"}, **HTMX).content.decode()
    assert "Your vote counts" in after
    assert fresh(idea).votes == 2


def test_voting_without_javascript_returns_to_where_one_was(cast: Cast, sign_in: SignIn) -> None:
    idea = share(cast)
    client = sign_in(cast.carl)
    answer = client.post(f"/ideas/{idea.number}/vote/", HTTP_REFERER="http://testserver/ideas/?sort=newest")
    assert answer["Location"] == "http://testserver/ideas/?sort=newest"
    assert 'aria-pressed="true"' in page(client, "/ideas/")
    evil = client.post(f"/ideas/{idea.number}/unvote/", HTTP_REFERER="http://evil.test/")
    assert evil["Location"] == "/ideas/1/"
    assert fresh(idea).votes == 1


def test_a_link_never_votes(cast: Cast, sign_in: SignIn) -> None:
    idea = share(cast)
    answer = sign_in(cast.carl).get(f"/ideas/{idea.number}/vote/")
    assert answer["Location"] == "/ideas/1/"
    assert fresh(idea).votes == 1


def test_htmx_gets_the_button_alone(cast: Cast, sign_in: SignIn) -> None:
    share(cast)
    text = sign_in(cast.carl).post("/ideas/1/vote/", **HTMX).content.decode()
    assert text.strip().startswith("<form")
    assert "/ideas/1/unvote/" in text
    assert "<b>2</b>" in text


def test_an_ideas_page_shows_journey_wordings_and_clean_markdown(cast: Cast, sign_in: SignIn) -> None:
    idea = share(cast, body="It *matters* <script>alert(1)</script> [click](javascript:alert(1))")
    other = share(cast, "Wrap it as a gift", by=cast.carl)
    services.merge(other, into=idea, by=cast.petra)
    text = page(sign_in(cast.cleo), "/ideas/1/")
    assert "<em>matters</em>" in text
    assert "<script>alert" not in text
    assert 'href="javascript' not in text
    assert "Wrap it as a gift" in text
    assert text.count("k-") >= 8
    assert "Un-merge" not in text
    assert "Un-merge" in page(sign_in(cast.petra), "/ideas/1/")


def test_a_merged_wording_keeps_its_page_and_mirrors_the_journey(cast: Cast, sign_in: SignIn) -> None:
    idea, other = share(cast), share(cast, "Wrap it as a gift", by=cast.carl)
    services.merge(other, into=idea, by=cast.petra)
    services.reach(idea, Stop.STAGING, by=cast.petra)
    text = page(sign_in(cast.carl), "/ideas/2/a-slug/")
    assert "merged into idea 1" in text
    assert "On staging" in text
    assert 'aria-pressed="true"' in text, "his vote for these words counts there"


def test_who_may_see_a_team_only_idea(cast: Cast, sign_in: SignIn) -> None:
    share(cast, "A hole in the fence", by=cast.carl, team_only=True)
    page(sign_in(cast.carl), "/ideas/1/")
    page(sign_in(cast.dev), "/ideas/1/")
    for person in (cast.cleo, None):
        page(sign_in(person), "/ideas/1/", 404)
        assert "A hole" not in page(sign_in(person), "/ideas/?q=fence")
    assert sign_in(cast.cleo).post("/ideas/1/vote/").status_code == 404


def test_comments_of_the_team_stay_in_the_team(cast: Cast, sign_in: SignIn) -> None:
    share(cast)
    sign_in(cast.dev).post("/ideas/1/comment/", {"text": "Needs a table.", "audience": "team"})
    sign_in(cast.cleo).post("/ideas/1/comment/", {"text": "Please!", "audience": "team"})
    assert set(Comment.objects.values_list("text", "audience")) == {("Needs a table.", "team"), ("Please!", "public")}
    assert "Needs a table." not in page(sign_in(cast.carl), "/ideas/1/")
    assert "Needs a table." in page(sign_in(cast.petra), "/ideas/1/")


def test_an_empty_comment_is_422(cast: Cast, sign_in: SignIn) -> None:
    share(cast)
    answer = sign_in(cast.cleo).post("/ideas/1/comment/", {"text": " "})
    assert answer.status_code == 422
    assert "Write something first" in answer.content.decode()


def test_following_is_a_button(cast: Cast, sign_in: SignIn) -> None:
    idea = share(cast)
    client = sign_in(cast.carl)
    client.post("/ideas/1/follow/")
    assert idea.subscriptions.filter(user=cast.carl).exists()
    assert "Do not tell me" in page(client, "/ideas/1/")
    client.post("/ideas/1/unfollow/")
    assert not idea.subscriptions.filter(user=cast.carl).exists()


@pytest.mark.parametrize("path", ["unmerge", "reopen"])
def test_the_teams_verbs_are_closed_to_customers(cast: Cast, sign_in: SignIn, path: str) -> None:
    share(cast)
    assert sign_in(cast.cleo).post(f"/ideas/1/{path}/").status_code == 403
    assert sign_in(cast.petra).post(f"/ideas/1/{path}/").status_code == 409


def test_a_new_product_says_how_to_begin(cast: Cast, sign_in: SignIn) -> None:
    text = page(sign_in(None), "/ideas/")
    assert "Nobody has asked for anything yet" in text
    assert "No idea matches" not in text
    assert "Nothing is planned yet" in page(sign_in(None), "/roadmap/")


def test_the_roadmap_has_now_next_and_later(cast: Cast, sign_in: SignIn) -> None:
    for title, stop in (("Builds", Stop.DEVELOPMENT), ("Plans", Stop.PLANNED), ("Came", Stop.PRODUCTION)):
        services.reach(share(cast, title), stop, by=cast.petra, note="Release 1.0")
    bug = share(cast, "Waits", kind="bug")
    services.queue_bug(bug, by=cast.petra)
    share(cast, "Only an idea")
    text = page(sign_in(None), "/roadmap/")
    order = [text.index(word) for word in ("Builds", "Plans", "Waits", "Came")]
    assert order == sorted(order)
    assert "Only an idea" not in text
