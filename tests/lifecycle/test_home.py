"""The inbox, the record of who did what, people and the system page."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from deployments import keeper_state
from ideas import services as ideas
from lifecycle import heartbeats, history
from lifecycle.events import Machine, record
from lifecycle.home import waiting_for
from lifecycle.inbox import Waiting, headline
from lifecycle.models import Work
from lifecycle.verbs import VERBS
from tests.cast import Cast, SignIn

pytestmark = pytest.mark.django_db


def waiting(days: int = 0, **fields: object) -> Waiting:
    return Waiting("t", "w", timezone.now() - timedelta(days=days), "/", "Go", **fields)


class TestInbox:
    def test_it_says_that_nothing_waits_and_where_to_go(self, cast: Cast, sign_in: SignIn) -> None:
        page = sign_in(cast.tess).get("/inbox/").content.decode()
        assert "Nothing waits for you" in page
        assert "/environments/" in page

    def test_triage_waits_for_the_product_owner_with_its_reason(self, cast: Cast, sign_in: SignIn) -> None:
        ideas.submit(product=cast.product, author=cast.cleo, title="Wrap it as a present")
        page = sign_in(cast.petra).get("/inbox/").content.decode()
        assert "One thing waits for you" in page
        assert 'href="/triage/' in page
        assert waiting_for(cast.actor(cast.tess)) == []

    def test_the_headline_counts_what_can_be_done(self) -> None:
        assert headline([waiting(), waiting(), waiting(blocked_because="the demo")]) == "2 things wait for you"
        assert headline([waiting(blocked_because="the demo")]) == "Nothing waits for you"

    def test_three_days_are_late(self) -> None:
        assert waiting(days=4).is_late
        assert not waiting(days=2).is_late


class TestHistory:
    def test_it_names_who_did_what_to_which_thing(self, cast: Cast, sign_in: SignIn) -> None:
        idea = ideas.submit(product=cast.product, author=cast.cleo, title="Wrap it as a present")
        ideas.decline(idea, by=cast.petra, reason="Too dear for now.")
        newest, first = history.page(cast.product).rows[0], history.page(cast.product).rows[-1]
        assert (newest.who, newest.words) == ("Petra", "Too dear for now.")
        assert newest.turn.endswith("→ " + idea.get_status_display())
        assert (first.who, first.what, first.thing) == ("Cleo", "shared", "idea 1 Wrap it as a present")
        page = sign_in(cast.max).get("/audit/").content.decode()
        assert "Too dear for now." in page
        assert first.url in page

    def test_a_machine_is_named(self, cast: Cast) -> None:
        record("environment.locked", cast.product, by=Machine("watch"), product=cast.product)
        assert history.page(cast.product).rows[0].who == "watch"

    def test_it_pages_by_key_without_gap_or_repetition(self, cast: Cast, sign_in: SignIn) -> None:
        for number in range(history.PAGE + 7):
            record("test.counted", cast.product, by=cast.ops, product=cast.product, note=str(number))
        first = history.page(cast.product)
        second = history.page(cast.product, before=first.more)
        numbers = [int(row.words) for row in first.rows + second.rows]
        assert numbers == list(range(history.PAGE + 6, -1, -1))
        assert second.more is None
        assert f"?before={first.more}" in sign_in(cast.ops).get("/audit/").content.decode()

    def test_more_rows_cost_no_more_statements(self, cast: Cast, django_assert_max_num_queries: object) -> None:
        for number in range(20):
            ideas.submit(product=cast.product, author=cast.cleo, title=f"Wish number {number}")
        with django_assert_max_num_queries(2):
            history.page(cast.product)

    @pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "²"])
    def test_a_place_that_is_no_number_shows_the_newest(self, cast: Cast, sign_in: SignIn, before: str) -> None:
        assert sign_in(cast.ops).get("/audit/", {"before": before}).status_code == 200

    def test_a_persons_page_shows_only_theirs(self, cast: Cast, sign_in: SignIn) -> None:
        ideas.submit(product=cast.product, author=cast.cleo, title="Wrap it as a present")
        client = sign_in(cast.tess)
        assert "Wrap it as a present" in client.get(f"/people/{cast.cleo.pk}/").content.decode()
        assert "Wrap it as a present" not in client.get(f"/people/{cast.carl.pk}/").content.decode()
        assert client.get("/people/999999/").status_code == 404
        assert sign_in(cast.carl).get(f"/people/{cast.cleo.pk}/").status_code == 403

    def test_every_verb_says_something_in_words(self) -> None:
        assert all("_" not in str(words) for words in VERBS.values())


class TestSystem:
    def test_it_says_which_part_is_silent(self, cast: Cast, sign_in: SignIn) -> None:
        page = sign_in(cast.ops).get("/system/").content.decode()
        assert "4 parts are silent" in page
        assert "never seen" in page

    def test_all_parts_answer(self, cast: Cast, sign_in: SignIn) -> None:
        heartbeats.worker(heartbeats.QUEUE_OF)
        heartbeats.beat()
        keeper_state.beat(settings.VAR)
        assert "All parts answer" in sign_in(cast.ops).get("/system/").content.decode()

    def test_a_part_not_seen_for_a_minute_is_late(self, cast: Cast) -> None:
        minute_ago = timezone.now() - timedelta(minutes=1)
        heartbeats.worker(heartbeats.QUEUE_OF, at=minute_ago)
        heartbeats.beat(at=minute_ago)
        assert all(pulse.is_late for pulse in heartbeats.pulses())

    def test_work_that_failed_shows_its_error(self, cast: Cast, sign_in: SignIn) -> None:
        now = timezone.now()
        Work.objects.create(
            kind="check",
            subject_id=7,
            key="check:7",
            status="failed",
            error="The disk is full",
            due_at=now,
            requested_at=now,
        )
        assert "The disk is full" in sign_in(cast.ops).get("/system/").content.decode()
