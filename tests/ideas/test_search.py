"""Similar ideas: misspelt, reworded, shipped, declined and merged ones, but never what one may not see."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ideas import boards, finding, search, services
from ideas.models import AgendaItem, Idea, Stop
from ideas.waiting import waiting_for
from tests.cast import Cast
from tests.ideas.wishes import on_stage, share, triaged

pytestmark = pytest.mark.django_db


def titles(cast: Cast, text: str, **more: object) -> list[str]:
    return [idea.title for idea in search.similar(cast.actor(cast.carl), text, **more)]


@pytest.fixture
def shelf(cast: Cast) -> None:
    share(cast, "Two-hour delivery window", body="Choose the hour when the courier comes")
    share(cast, "Pay with Apple Pay and Google Pay at checkout")
    share(cast, "Оплата картой на телефоне", body="Вводить номер карты неудобно")
    share(cast, "Ёлочные игрушки отдельным разделом")
    share(cast, "Weekly sales digest for managers")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("delivery windows of two hours", "Two-hour delivery window"),
        ("deliv", "Two-hour delivery window"),
        ("when does the courier come", "Two-hour delivery window"),
        ("aple pay", "Pay with Apple Pay and Google Pay at checkout"),
        ("оплатить картой", "Оплата картой на телефоне"),
        ("елочная игрушка", "Ёлочные игрушки отдельным разделом"),
    ],
)
def test_it_finds_by_words_and_by_letters_in_both_languages(cast: Cast, shelf: None, text: str, first: str) -> None:
    assert titles(cast, text)[0] == first


@pytest.mark.parametrize("text", ["", "de", "zzz qqq", "';--", "%", "&|!():*", "\\'"])
def test_nothing_sensible_finds_nothing_and_breaks_nothing(cast: Cast, shelf: None, text: str) -> None:
    assert titles(cast, text) == []


def test_shipped_declined_and_merged_ideas_are_found_too(cast: Cast) -> None:
    shipped = share(cast, "E-mail on the day of delivery")
    services.reach(shipped, Stop.PRODUCTION, by=cast.petra)
    declined = share(cast, "Follow the delivery courier on a map")
    services.decline(declined, by=cast.petra, reason="No live position.")
    merged = share(cast, "Delivery hour instead of delivery day", by=cast.dev)
    services.merge(merged, into=shipped, by=cast.petra)
    assert set(titles(cast, "delivery")) == {shipped.title, declined.title}
    assert titles(cast, "delivery hour instead")[0] == shipped.title, "the primary stands for its wordings"


def test_what_one_may_not_see_is_not_found(cast: Cast) -> None:
    share(cast, "A hole in the fence", by=cast.petra, team_only=True)
    assert titles(cast, "hole in the fence") == []
    assert search.similar(cast.actor(None), "hole in the fence") == []
    assert search.similar(cast.actor(cast.dev), "hole in the fence")


def test_the_idea_itself_is_left_out_and_my_vote_is_known(cast: Cast, shelf: None) -> None:
    idea = Idea.objects.get(title="Two-hour delivery window")
    assert idea.title not in titles(cast, idea.title, but=idea)
    services.vote(idea, by=cast.carl)
    found = search.similar(cast.actor(cast.carl), idea.title)[0]
    assert (found.voted, found.score > search.PROBABLY_THE_SAME) == (True, True)


def test_among_ten_thousand_ideas_it_is_one_statement_and_letters_use_their_index(cast: Cast) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MANY, [cast.product.pk, cast.cleo.pk])
        cursor.execute("ANALYZE ideas_idea")
        # What autovacuum does between two transactions: rows still on the pending list make an index look dear.
        cursor.execute("SELECT gin_clean_pending_list('idea_title_trigrams')")
    share(cast, "Two-hour delivery window")
    actor = cast.actor(cast.carl)
    with CaptureQueriesContext(connection) as statements:
        found = search.similar(actor, "delivery windows of two hours")
    assert found[0].title == "Two-hour delivery window"
    assert len(statements) == 1
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {statements[0]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Bitmap Index Scan on idea_title_trigrams" in plan


MANY = """
INSERT INTO ideas_idea (product_id, number, title, body, language, kind, source, channel, author_id, team_only, status,
    stop, stop_note, votes, comments, merged_count, created_at, moved_at)
SELECT %s, 1000 + n, md5(n::text) || ' ' || (ARRAY['delivery', 'basket', 'search', 'price'])[1 + n %% 4] || ' ' || n,
    repeat(md5((n * 7)::text) || ' ', 8) || (ARRAY['window', 'courier', 'refund', 'colour'])[1 + n %% 4], 'en',
    'feature', 'customer', 'seed', %s, false, 'new', 1, '', 1, 0, 0, now(), now()
FROM generate_series(1, 10000) AS n
"""


def test_find_knows_numbers_and_words(cast: Cast, shelf: None) -> None:
    actor = cast.actor(cast.carl)
    assert [hit.title for hit in finding.find(actor, "2")][:1] == ["2 Pay with Apple Pay and Google Pay at checkout"]
    assert finding.find(actor, "courier")[0].url == "/ideas/1/"
    assert finding.find(actor, "two-hour delivry")[0].url == "/ideas/1/"


def test_what_waits_for_whom(cast: Cast) -> None:
    def actions(user: object) -> list[str]:
        return [row.action for row in waiting_for(cast.actor(user))]

    assert actions(cast.petra) == []
    share(cast, "Faster search")
    assert actions(cast.petra) == ["Start triage"]
    assert actions(cast.tess) == []
    triaged(cast, "Gift wrapping")
    assert actions(cast.lena) == ["Start triage", "Open the review"]
    on_stage(cast, "Third idea")
    item = AgendaItem.objects.get(status=AgendaItem.Status.VOTING)
    assert actions(cast.ops) == ["Cast your ballot"]
    for user in (cast.lena, cast.petra, cast.ops):
        boards.cast(item, by=user, choice="yes", urgency=1, importance=1, complexity=1)
    assert actions(cast.ops) == []
    assert actions(cast.petra) == ["Start triage", "Open the ballots"]
    boards.reveal(item, by=cast.petra)
    assert actions(cast.lena) == ["Start triage", "Decide"]
