"""What was pushed after the freeze and did not ship waits where its developer looks, until a change goes on with it."""

import pytest

from lifecycle.roles import actor_for
from releases import changes, facts, intake, plan
from releases.models import Change, Release
from releases.pages import mine
from releases.waiting import to_build

WORDS = "24.11 shipped without what was pushed after its freeze"


@pytest.fixture
def live(cast, frozen, build) -> Change:
    """24.11 shipped with the first push of this change; the second one came after the freeze."""
    release = frozen("Keep a wishlist")
    change = build(release.changes.get(), line=55)
    facts.mark_live(release, deployment=release, by=cast.ops)
    change.refresh_from_db()
    assert (change.status, change.revision.number) == (Change.Status.LIVE, 2)
    return change


def said_to(developer, change: Change) -> list[str]:
    actor = actor_for(developer, change.product)
    page = [one.where for one in mine.page(actor)["elsewhere"] if one.change == change]
    return [words for words in [*page, *(row.why for row in to_build(actor))] if WORDS in words]


def test_page_and_inbox_say_so(cast, live):
    assert len(said_to(cast.dev, live)) == 2


def test_a_planned_change_goes_on_with_the_branch(cast, live, idea_of, work):
    assert live.branch in [branch.name for branch in intake.unlinked(cast.product)]
    day = Release.objects.get().target_date
    later = plan.create(
        product=cast.product, version="24.12", target_date=day, ideas=[idea_of("Wrap gifts")], by=cast.petra
    )
    next_one = later.changes.get()
    changes.link_branch(next_one, branch=live.branch, by=cast.dev)
    work("push")
    next_one.refresh_from_db()
    assert next_one.revision.tip == live.revision.tip
    assert said_to(cast.dev, live) == []
    assert live.branch not in [branch.name for branch in intake.unlinked(cast.product)]


def test_nothing_is_said_of_what_shipped_as_it_was_pushed_last(cast, frozen):
    release = frozen("Keep a wishlist")
    change = release.changes.get()
    facts.mark_live(release, deployment=release, by=cast.ops)
    assert said_to(cast.dev, change) == []
