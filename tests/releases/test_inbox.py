"""What waits for whom, and what Find answers."""

import pytest

from ideas import services as ideas
from lifecycle.events import Machine
from releases import changes, facts, plan, signoffs, verdicts
from releases.finding import find
from releases.waiting import waiting_for


def actions(cast, who) -> list[str]:
    return [row.action for row in waiting_for(cast.actor(who))]


def test_the_lead_says_who_builds_and_the_developer_starts(cast, plan_of):
    change = plan_of("Keep a wishlist").changes.get()
    assert actions(cast, cast.lena) == ["Say who builds it"]
    changes.assign(change, developer=cast.dev, by=cast.lena)
    assert actions(cast, cast.dev) == ["Start it"]
    assert actions(cast, cast.lena) == []


def test_the_developer_marks_it_ready_and_fixes_what_came_back(cast, workshop, plan_of, build, on_staging):
    change = plan_of("Keep a wishlist").changes.get()
    changes.assign(change, developer=cast.dev, by=cast.lena)
    build(change)
    assert actions(cast, cast.dev) == ["Mark it ready"]
    changes.mark_ready(change, by=cast.dev)
    assert actions(cast, cast.dev) == []
    candidate = on_staging()
    assert actions(cast, cast.tess) == ["Test it"]
    change.refresh_from_db()
    verdicts.give_back(change, candidate=candidate, by=cast.tess, reason="The list is empty")
    found = waiting_for(cast.actor(cast.dev))
    assert [(row.action, row.why) for row in found] == [("Fix it", "The list is empty")]


def test_the_product_owner_freezes_and_the_demo_is_signed_in_turn(cast, tested, compose):
    release = tested("Keep a wishlist")
    assert actions(cast, cast.petra) == ["Freeze it"]
    candidate = compose(plan.freeze(release, by=cast.petra))
    facts.mark_on_staging(candidate, by=cast.ops)
    release.refresh_from_db()
    assert actions(cast, cast.max) == ["Say what they said"]
    assert actions(cast, cast.petra) == []
    signoffs.sign_off(release, audience="managers", outcome="yes", by=cast.max)
    assert actions(cast, cast.max) == []
    assert actions(cast, cast.petra) == ["Say what they said"]


def test_voters_answer_until_they_did(cast, frozen):
    release = frozen("Keep a wishlist")
    idea = release.changes.get().ideas.get()
    ideas.vote(idea, by=cast.carl)
    facts.mark_live(release, deployment=release, by=Machine("worker"))
    facts.mark_proven(release, by=Machine("watch"))
    assert actions(cast, cast.carl) == ["Say if it helps"]
    from releases import feedback

    feedback.answer(release.survey, idea, user=cast.carl, outcome="yes")
    assert actions(cast, cast.carl) == []


def test_a_visitor_has_nothing(cast, plan_of):
    plan_of("Keep a wishlist")
    assert waiting_for(cast.actor(None)) == []


@pytest.mark.parametrize("words", ["C-1", "c1", "wishlist", "idea/1"])
def test_the_team_finds_a_change_by_key_title_or_branch(cast, plan_of, words):
    plan_of("Keep a wishlist")
    assert [hit.url for hit in find(cast.actor(cast.dev), words)] == ["/changes/1/"]


def test_the_team_finds_a_change_by_a_commit(cast, workshop, plan_of, build):
    change = build(plan_of("Keep a wishlist").changes.get())
    assert [hit.url for hit in find(cast.actor(cast.dev), change.revision.tip[:9])] == ["/changes/1/"]


def test_customers_find_releases_only(cast, plan_of):
    plan_of("Keep a wishlist")
    assert [hit.url for hit in find(cast.actor(cast.cleo), "24.1")] == ["/releases/24.11/"]
    assert find(cast.actor(cast.cleo), "C-1") == []
