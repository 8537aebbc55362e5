"""Undoing one change of what is live: asked with a preview, tested, shipped, told, and shipped again later."""

import pytest
from django.core.exceptions import ValidationError

from environments import repositories
from ideas import services as ideas
from ideas.models import AgendaItem, Stop
from lifecycle.models import Notification
from lifecycle.transitions import NotAllowed
from releases import candidates, changes, facts, freezing, plan, undoing, verdicts
from releases.contents import contents
from releases.models import Candidate, Change, Release, Verdict

S, K = Change.Status, Release.Kind


@pytest.fixture
def live(cast, frozen) -> Release:
    """24.11 with two changes, live; Carl voted for both."""
    release = frozen("Keep a wishlist", "Wrap gifts")
    for change in release.changes.all():
        ideas.vote(change.ideas.get(), by=cast.carl)
    facts.mark_live(release, deployment=release, by=cast.ops)
    return release


@pytest.fixture
def pair(live) -> tuple[Change, Change]:
    one, other = Change.objects.order_by("number")
    return one, other


@pytest.fixture
def undo(cast, work):
    """`undo(change)` asks for the preview, lets the worker fill it, and proposes."""

    def run(*changes: Change, reason: str = "Orders were lost") -> Release:
        undoing.preview(cast.product, changes)
        work("undo_preview")
        return undoing.propose(cast.product, changes=changes, by=cast.petra, reason=reason)

    return run


@pytest.fixture
def ship(cast, compose):
    """`ship(release)` composes it, brings it to staging, lets Tess approve everything and says it is live."""

    def run(release: Release) -> Candidate:
        release.refresh_from_db()
        candidate = compose(release.candidate)
        verdicts.carry_over(candidate)
        facts.mark_on_staging(candidate, by=cast.ops)
        for row in candidate.rows.select_related("change"):
            verdicts.approve(row.change, candidate=candidate, by=cast.tess)
        release.refresh_from_db()
        facts.mark_live(release, deployment=release, by=cast.ops)
        return candidate

    return run


def text_of(candidate: Candidate) -> str:
    return (repositories.git(candidate.repository).read_file(candidate.sha, "shop.py") or b"").decode()


def test_an_undo_is_a_release_below_the_live_one_frozen_at_once(cast, pair, undo, compose):
    one, other = pair
    before = candidates.live(cast.product)
    release = undo(one)
    assert (release.version, release.kind, release.status) == ("24.11.1", K.UNDO, Release.Status.FROZEN)
    candidate = compose(release.candidate)
    assert candidate.base == before
    assert [(row.change, row.action) for row in candidate.rows.all()] == [(one, "undo")]
    assert "line_10 = 10 * 1" not in text_of(candidate)
    assert "line_20 = 20 * 2" in text_of(candidate)
    assert list(contents(candidate)) == [other.pk]
    [commit] = repositories.git(candidate.repository).log(before.sha, candidate.sha, limit=1)
    assert (commit.trailer("Lifecycle-Change"), commit.trailer("Lifecycle-Undo")) == (one.key, "yes")


def test_when_it_ships_the_change_is_back_and_everybody_is_told(cast, pair, undo, ship):
    one, other = pair
    ship(undo(one))
    one.refresh_from_db()
    other.refresh_from_db()
    idea = one.ideas.get()
    assert (one.status, one.return_reason) == (S.DEVELOPMENT, "Orders were lost")
    assert other.status == S.LIVE
    assert idea.stop == Stop.DEVELOPMENT
    assert Notification.objects.filter(user=cast.carl, event="idea.taken_back").exists()
    assert AgendaItem.objects.get(idea=idea).reason == AgendaItem.Reason.RETURNED
    assert other.ideas.get().stop == Stop.PRODUCTION


def test_shipped_again_later_the_tree_is_equal_again(cast, live, pair, undo, ship, build, on_staging, compose):
    one, _other = pair
    before = live.candidate.tree
    ship(undo(one))
    one.refresh_from_db()
    Change.objects.filter(pk=one.pk).update(return_reason="")
    changes.mark_ready(Change.objects.get(pk=one.pk), by=cast.dev)
    candidate = on_staging()
    assert candidate.tree == before
    verdicts.approve(Change.objects.get(pk=one.pk), candidate=candidate, by=cast.tess)
    again = plan.create(
        product=cast.product,
        version="24.12",
        target_date=live.target_date,
        ideas=[one.ideas.get()],
        by=cast.petra,
    )
    plan.publish(again, by=cast.petra)
    plan.freeze(again, by=cast.petra)
    assert ship(again).tree == before


def test_rolling_the_undo_back_makes_the_change_live_again(cast, live, pair, undo, ship):
    one, _other = pair
    release = undo(one)
    ship(release)
    facts.mark_rolled_back(release, deployment=release, reason="It was needed", by=cast.ops)
    one.refresh_from_db()
    assert (one.status, one.return_reason) == (S.LIVE, "")
    assert one.ideas.get().stop == Stop.PRODUCTION
    assert candidates.live(cast.product) == live.candidate


def test_an_older_yes_says_nothing_about_taking_it_out(cast, pair, undo, compose):
    one, _other = pair
    release = undo(one)
    candidate = compose(release.candidate)
    verdicts.carry_over(candidate)
    assert not verdicts.all_approved(candidate)
    facts.mark_on_staging(candidate, by=cast.ops)
    verdicts.approve(one, candidate=candidate, by=cast.tess)
    assert verdicts.all_approved(candidate)
    one.refresh_from_db()
    assert one.status == S.LIVE


def test_a_no_to_the_undo_leaves_the_change_live(cast, pair, undo, compose):
    one, _other = pair
    candidate = compose(undo(one).candidate)
    facts.mark_on_staging(candidate, by=cast.ops)
    verdicts.give_back(one, candidate=candidate, by=cast.tess, reason="The cart is empty now")
    one.refresh_from_db()
    assert one.status == S.LIVE
    assert Verdict.objects.last().outcome == "returned"
    assert not verdicts.all_approved(candidate)


@pytest.fixture
def later(cast, workshop, live, plan_of, build, on_staging, ship) -> Change:
    """A change of a second release, built on top of what is live, on the line of the first change."""
    Release.objects.filter(pk=live.pk).update(version="24.10")
    follow(workshop, live.candidate)
    release = plan_of("Pay later")
    changes.mark_ready(build(release.changes.get(), line=10), by=cast.dev)
    candidate = on_staging()
    verdicts.approve(release.changes.get(), candidate=candidate, by=cast.tess)
    plan.freeze(release, by=cast.petra)
    ship(release)
    return release.changes.get()


def follow(workshop, candidate: Candidate) -> None:
    """Upstream's main fast-forwards to what is live."""
    workshop.git("fetch", "-q", candidate.repository.mirror, f"refs/lifecycle/candidates/{candidate.pk}")
    workshop.git("checkout", "-q", "main")
    workshop.git("merge", "-q", "--ff-only", "FETCH_HEAD")


def test_a_later_change_of_the_same_lines_is_named_before_the_button(cast, later, pair_of_first, work):
    one, _other = pair_of_first
    found = undoing.preview(cast.product, [one])
    work("undo_preview")
    found.refresh_from_db()
    assert found.conflicts == [{"key": one.key, "with": later.key, "files": ["shop.py"]}]
    with pytest.raises(NotAllowed, match=f"{later.key} changed the same lines in shop.py"):
        undoing.propose(cast.product, changes=[one], by=cast.petra, reason="Orders were lost")


def test_what_undoing_would_do_is_known_beforehand_also_of_earlier_releases(cast, later, pair_of_first, work):
    one, other = pair_of_first
    assert work("undo_previews") == 1
    base = candidates.live(cast.product)
    assert {found.keys for found in base.undo_previews.all()} == {one.key, other.key, later.key}
    assert work("undo_preview") == 3
    assert {found.keys for found in base.undo_previews.all() if found.is_clean} == {other.key, later.key}

    undoing.ahead(cast.product)
    assert (work("undo_previews"), work("undo_preview")) == (1, 0), "a second time there is nothing to do"


def test_only_so_many_releases_are_looked_at_beforehand(cast, later, work, settings):
    settings.UNDO_AHEAD_RELEASES = 1
    work("undo_previews")
    assert [found.keys for found in candidates.live(cast.product).undo_previews.all()] == [later.key]


def test_what_an_undo_took_out_is_not_looked_at_and_after_a_rollback_the_base_before_is(cast, pair, undo, ship, work):
    one, other = pair
    work("undo_previews")
    release = undo(one)
    ship(release)
    work("undo_previews")
    assert [found.keys for found in candidates.live(cast.product).undo_previews.all()] == [other.key]
    release.candidate.base.undo_previews.all().delete()
    facts.mark_rolled_back(release, deployment=release, reason="Worse", by=cast.ops)
    work("undo_previews")
    assert {found.keys for found in candidates.live(cast.product).undo_previews.all()} == {one.key, other.key}


def test_together_with_the_later_one_it_can_be_undone(cast, later, pair_of_first, undo, compose):
    one, other = pair_of_first
    release = undo(one, later)
    assert release.version == "24.11.1"
    assert list(contents(compose(release.candidate))) == [other.pk]


@pytest.fixture
def pair_of_first() -> tuple[Change, Change]:
    one, other = Change.objects.order_by("number")[:2]
    return one, other


def test_both_together_can_be_undone(cast, live, pair, undo, compose):
    release = undo(*pair)
    candidate = compose(release.candidate)
    assert candidate.tree == live.candidate.base.tree
    assert contents(candidate) == {}


def test_what_cannot_be_undone_is_refused_with_the_reason(cast, pair, undo, plan_of):
    one, _other = pair
    with pytest.raises(ValidationError, match="Say why"):
        undoing.propose(cast.product, changes=[one], by=cast.petra, reason=" ")
    with pytest.raises(ValidationError, match="Choose what"):
        undoing.propose(cast.product, changes=[], by=cast.petra, reason="Orders were lost")
    with pytest.raises(NotAllowed, match="being worked out"):
        undoing.propose(cast.product, changes=[one, _other], by=cast.petra, reason="Orders were lost")
    changes.set_migrations(one, migrations="contract", by=cast.dev)
    with pytest.raises(NotAllowed, match="changed the database"):
        undo(one)


def test_a_second_undo_waits_for_the_first(cast, pair, undo):
    one, other = pair
    undo(one)
    with pytest.raises(NotAllowed, match=r"24\.11\.1 is frozen and has staging"):
        undo(other)
    assert Release.objects.filter(kind=K.UNDO).count() == 1


def test_given_up_it_leaves_no_trace_but_the_record(cast, pair, undo):
    release = undo(pair[0])
    freezing.unfreeze(release, by=cast.petra)
    plan.drop(release, by=cast.petra, reason="It was the network")
    assert candidates.live(cast.product).release.version == "24.11"
    assert plan.suggest_version(cast.product) == "24.12"
