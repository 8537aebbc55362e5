"""Sign-offs of the demo, going live, being proven or taken back, and the survey after it."""

import pytest
from django.core.exceptions import ValidationError

from ideas import services as ideas
from ideas.models import AgendaItem, Stop
from lifecycle.events import Machine
from lifecycle.models import Notification
from lifecycle.transitions import NotAllowed
from releases import facts, feedback, plan, signoffs
from releases.models import Answer, Change, Release, SignOff

MANAGERS, CUSTOMERS = SignOff.Audience.MANAGERS, SignOff.Audience.CUSTOMERS
WATCH = Machine("watch")


@pytest.fixture
def shown(cast, frozen):
    """A frozen release that managers and customers said yes to."""
    release = frozen("Keep a wishlist")
    signoffs.sign_off(release, audience=MANAGERS, outcome="yes", by=cast.max)
    signoffs.sign_off(release, audience=CUSTOMERS, outcome="yes", by=cast.petra)
    return release


@pytest.fixture
def live(cast, shown):
    """The same release in production; Carl voted for its idea."""
    ideas.vote(shown.changes.get().ideas.get(), by=cast.carl)
    facts.mark_live(shown, deployment=shown, by=Machine("worker"))
    return shown


def test_the_first_showing_brings_its_ideas_to_demo(cast, frozen):
    release = frozen("Keep a wishlist")
    signoffs.sign_off(release, audience=MANAGERS, outcome="no", words="The button is hidden", by=cast.max)
    assert release.changes.get().ideas.get().stop == Stop.DEMO
    assert not signoffs.has_both(release)


def test_a_not_yet_says_what_is_missing(cast, frozen):
    with pytest.raises(ValidationError):
        signoffs.sign_off(frozen("Keep a wishlist"), audience=MANAGERS, outcome="no", by=cast.max)


def test_customers_see_it_after_the_managers(cast, frozen):
    release = frozen("Keep a wishlist")
    with pytest.raises(NotAllowed, match="managers first"):
        signoffs.sign_off(release, audience=CUSTOMERS, outcome="yes", by=cast.petra)


def test_both_are_needed_and_the_newest_word_counts(cast, shown):
    assert signoffs.has_both(shown)
    signoffs.sign_off(shown, audience=CUSTOMERS, outcome="no", words="Prices are gone", by=cast.petra)
    assert not signoffs.has_both(shown)


def test_a_product_may_do_without_the_customers(cast, frozen):
    release = frozen("Keep a wishlist")
    release.product.customers_demo_required = False
    signoffs.sign_off(release, audience=MANAGERS, outcome="yes", by=cast.max)
    assert signoffs.has_both(release)


def test_what_is_not_on_staging_cannot_be_shown(cast, tested):
    release = tested("Keep a wishlist")
    plan.freeze(release, by=cast.petra)
    with pytest.raises(NotAllowed, match="staging"):
        signoffs.sign_off(release, audience=MANAGERS, outcome="yes", by=cast.max)


def test_a_new_digest_needs_a_new_yes(cast, shown, compose, idea_of):
    plan.unfreeze(shown, by=cast.petra)
    from releases import changes

    changes.set_migrations(shown.changes.get(), migrations="expand", by=cast.dev)
    compose(plan.freeze(shown, by=cast.petra))
    shown.refresh_from_db()
    assert not signoffs.has_both(shown)


def test_going_live_brings_changes_and_ideas_to_production(cast, live):
    change = live.changes.get()
    assert (live.status, change.status) == (Release.Status.LIVE, Change.Status.LIVE)
    assert change.ideas.get().stop == Stop.PRODUCTION


def test_a_proven_release_asks_authors_and_voters(cast, live):
    facts.mark_proven(live, by=WATCH)
    told = set(Notification.objects.filter(event="survey.open").values_list("user__name", flat=True))
    assert told == {"Cleo", "Carl"}
    assert live.survey.asked == 2
    assert live.changes.get().ideas.get().stop == Stop.FEEDBACK


def test_asking_twice_asks_once(cast, live):
    facts.mark_proven(live, by=WATCH)
    feedback.open_survey(live, by=WATCH)
    assert Notification.objects.filter(event="survey.open", user=cast.carl, channel="in_app").count() == 1


def test_a_no_is_on_the_next_review_with_its_words(cast, live):
    facts.mark_proven(live, by=WATCH)
    idea = live.changes.get().ideas.get()
    feedback.answer(live.survey, idea, user=cast.carl, outcome="no", words="It forgets my list")
    item = AgendaItem.objects.get(idea=idea)
    assert item.reason == AgendaItem.Reason.FEEDBACK
    assert "It forgets my list" in item.words


def test_a_changed_mind_is_one_answer(cast, live):
    facts.mark_proven(live, by=WATCH)
    idea = live.changes.get().ideas.get()
    feedback.answer(live.survey, idea, user=cast.carl, outcome="partly", words="")
    feedback.answer(live.survey, idea, user=cast.carl, outcome="yes", words="Now I see")
    assert Answer.objects.get().outcome == "yes"


def test_an_idea_of_another_release_is_not_answered_about(cast, live, idea_of):
    facts.mark_proven(live, by=WATCH)
    with pytest.raises(NotAllowed):
        feedback.answer(live.survey, idea_of("Wrap gifts"), user=cast.carl, outcome="yes")


def test_the_outcome_counts_per_idea_and_quotes(cast, live):
    facts.mark_proven(live, by=WATCH)
    idea = live.changes.get().ideas.get()
    feedback.answer(live.survey, idea, user=cast.carl, outcome="no", words="It forgets my list")
    feedback.answer(live.survey, idea, user=cast.cleo, outcome="yes")
    found = feedback.outcome(live)
    row = found.rows[0]
    assert (row.yes, row.partly, row.no, found.people, found.asked) == (1, 0, 1, 2, 2)
    assert [answer.words for answer in found.words] == ["It forgets my list"]
    assert not found.is_enough


def test_taking_it_back_returns_changes_tells_voters_and_the_review(cast, live):
    facts.mark_rolled_back(live, deployment=live, reason="Checkout is slow", by=cast.ops)
    change = live.changes.get()
    idea = change.ideas.get()
    assert live.status == Release.Status.ROLLED_BACK
    assert (change.status, change.return_reason) == (Change.Status.DEVELOPMENT, "Checkout is slow")
    assert idea.stop == Stop.DEVELOPMENT
    assert Notification.objects.filter(user=cast.carl, event="idea.taken_back").exists()
    assert AgendaItem.objects.get(idea=idea).reason == AgendaItem.Reason.RETURNED


def test_a_release_that_is_not_live_is_not_taken_back(cast, shown):
    with pytest.raises(NotAllowed):
        facts.mark_rolled_back(shown, deployment=shown, reason="?", by=cast.ops)


def test_a_rollback_gives_way_to_a_newer_change_on_the_same_branch(cast, live, idea_of):
    change = live.changes.get()
    newer = Change.objects.create(
        product=cast.product,
        number=99,
        title="The list, better",
        branch=change.branch,
        created_at=live.created_at,
        waiting_since=live.created_at,
    )
    facts.mark_rolled_back(live, deployment=live, reason="Checkout is slow", by=cast.ops)
    change.refresh_from_db()
    assert (change.status, change.branch) == (Change.Status.DEVELOPMENT, "")
    assert newer.branch


def test_a_word_about_what_was_shown_before_is_refused(cast, frozen):
    release = frozen("Keep a wishlist")
    with pytest.raises(NotAllowed, match="another one by now"):
        signoffs.sign_off(release, audience=MANAGERS, outcome="yes", by=cast.max, digest="0" * 64)
    signoffs.sign_off(release, audience=MANAGERS, outcome="yes", by=cast.max, digest=release.candidate.digest)


def test_somebody_who_was_not_asked_does_not_answer(cast, live):
    facts.mark_proven(live, by=WATCH)
    idea = live.changes.get().ideas.get()
    with pytest.raises(NotAllowed, match="are asked"):
        feedback.answer(live.survey, idea, user=cast.tess, outcome="no", words="I was not there")
    assert not Answer.objects.exists()
