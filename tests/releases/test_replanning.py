"""A plan that is changed after it was made: what may be said, what is refused, and that its version counts up."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from ideas.models import Idea, Stop
from lifecycle.events import about
from lifecycle.transitions import NotAllowed
from releases import candidates, plan
from releases.models import Release

DAY = timedelta(days=1)


def today():
    return timezone.localdate()


def test_what_is_said_is_kept_and_the_plan_has_a_new_version(cast, plan_of):
    release = plan_of("Keep a wishlist")
    facts = {"goal": "Sooner", "owner": cast.lena, "freeze_on": today() + DAY, "demo_on": today() + 2 * DAY}
    plan.edit(release, by=cast.petra, **facts, risk="The bank", rollback_plan="Press undo")
    release = Release.objects.get()
    assert (release.goal, release.owner, release.risk) == ("Sooner", cast.lena, "The bank")
    assert release.plan_version == 2
    event = about(release).get(verb="release.replanned")
    assert (event.actor, event.data["plan_version"]) == (cast.petra, 2)
    assert "rollback_plan" in event.data["fields"]


def test_saying_the_same_again_changes_nothing(cast, plan_of):
    release = plan_of("Keep a wishlist")
    plan.edit(release, by=cast.petra, goal=release.goal)
    assert Release.objects.get().plan_version == 1
    assert not about(release).filter(verb="release.replanned").exists()


def test_a_draft_has_no_versions_yet(cast, idea_of):
    day = today() + 4 * DAY
    release = plan.create(
        product=cast.product, version="1.0", target_date=day, ideas=[idea_of("Wrap gifts")], by=cast.petra
    )
    plan.edit(release, by=cast.petra, goal="Presents")
    assert Release.objects.get().plan_version == 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"enough": "count"}, "enough_count"),
        ({"enough": "date"}, "freeze_on"),
        ({"enough": "never"}, "enough"),
        ({"freeze_on": today() - DAY}, "freeze_on"),
        ({"demo_on": today() + 30 * DAY}, "demo_on"),
        ({"freeze_on": today() + 2 * DAY, "demo_on": today() + DAY}, "demo_on"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(cast, plan_of, said, field):
    release = plan_of("Keep a wishlist")
    with pytest.raises(ValidationError) as refused:
        plan.edit(release, by=cast.petra, **said)
    assert list(refused.value.message_dict) == [field]
    assert Release.objects.get().plan_version == 1


def test_its_owner_is_of_the_team(cast, plan_of):
    with pytest.raises(ValidationError, match="not of the team"):
        plan.edit(plan_of("Keep a wishlist"), by=cast.petra, owner=cast.cleo)


def test_a_frozen_release_keeps_what_is_enough_but_not_its_risk(cast, frozen):
    release = frozen("Keep a wishlist")
    with pytest.raises(NotAllowed, match="is frozen"):
        plan.edit(release, by=cast.petra, enough="count", enough_count=1)
    plan.edit(release, by=cast.petra, risk="The bank")
    assert Release.objects.get().risk == "The bank"


def test_a_plan_that_was_given_up_is_not_changed(cast, plan_of):
    release = plan_of("Keep a wishlist")
    plan.drop(release, by=cast.petra, reason="Not this year")
    with pytest.raises(NotAllowed, match="has ended"):
        plan.edit(release, by=cast.petra, goal="Sooner")


def test_it_is_not_rescheduled_into_the_past(cast, plan_of):
    release = plan_of("Keep a wishlist")
    with pytest.raises(ValidationError, match="This day is past"):
        plan.reschedule(release, target_date=today() - DAY, reason="Oh", by=cast.petra)
    assert Release.objects.get().target_date == release.target_date


def test_every_verb_gives_a_published_plan_a_new_version(cast, plan_of, idea_of):
    release = plan_of("Keep a wishlist")
    change = release.changes.get()
    verbs = [
        lambda: plan.edit_change(change, by=cast.dev, steps="Press the heart"),
        lambda: plan.link_ideas(change, [*change.ideas.all(), idea_of("Wrap gifts")], by=cast.petra),
        lambda: plan.add_maintenance(release, title="Renew it", by=cast.petra),
        lambda: plan.add_idea(release, idea_of("Zoom pictures"), by=cast.petra),
        lambda: plan.set_must(change, must=False, by=cast.petra),
        lambda: plan.reschedule(release, target_date=today() + 9 * DAY, reason="The bank", by=cast.petra),
        lambda: plan.drop_change(change, by=cast.petra),
    ]
    for expected, verb in enumerate(verbs, start=2):
        verb()
        assert Release.objects.get().plan_version == expected


def test_a_change_says_what_it_costs_when_it_is_due_and_what_to_try(cast, plan_of):
    change = plan_of("Keep a wishlist").changes.get()
    said = {"estimate": 3, "due_date": today() + DAY, "steps": "Press the heart", "summary": "Keep what you like"}
    plan.edit_change(change, by=cast.dev, developer=cast.dev, **said)
    change.refresh_from_db()
    assert {name: getattr(change, name) for name in said} == said
    assert change.developer == cast.dev
    assert about(change).get(verb="change.edited").data["fields"] == ["estimate", "due_date", "steps", "summary"]


def test_steps_of_a_frozen_change_need_a_reason_and_leave_the_digest_alone(cast, frozen):
    change = frozen("Keep a wishlist").changes.get()
    with pytest.raises(ValidationError) as refused:
        plan.edit_change(change, by=cast.dev, steps="Press the heart")
    assert list(refused.value.message_dict) == ["reason"]
    plan.edit_change(change, by=cast.dev, estimate=5)
    plan.edit_change(change, by=cast.dev, steps="Press the heart", reason="One was missing")
    release = Release.objects.select_related("candidate").get()
    rows = list(release.candidate.rows.select_related("change"))
    assert candidates.digest_of(release.candidate, rows) == release.candidate.digest
    assert release.changes.get().status == "approved"


def test_a_change_that_is_live_is_not_planned_anew(cast, plan_of):
    change = plan_of("Keep a wishlist").changes.get()
    type(change).objects.filter(pk=change.pk).update(status="live")
    with pytest.raises(NotAllowed, match="has ended"):
        plan.edit_change(change, by=cast.dev, estimate=5)


def test_a_change_serves_several_ideas_and_one_it_leaves_goes_back_to_the_queue(cast, plan_of, idea_of):
    change, wrap = plan_of("Keep a wishlist").changes.get(), idea_of("Wrap gifts")
    first = change.ideas.get()
    plan.link_ideas(change, [first, wrap], by=cast.petra)
    wrap.refresh_from_db()
    assert (wrap.stop, wrap.queue_rank) == (Stop.PLANNED, None)
    plan.link_ideas(change, [wrap], by=cast.petra)
    first.refresh_from_db()
    assert first.stop == Stop.REVIEW
    assert first in Idea.objects.filter(product=cast.product).queue()


def test_only_what_was_accepted_is_served(cast, plan_of, idea_of):
    change, idea = plan_of("Keep a wishlist").changes.get(), idea_of("Wrap gifts")
    Idea.objects.filter(pk=idea.pk).update(status=Idea.Status.DECLINED, queue_rank=None)
    idea.refresh_from_db()
    with pytest.raises(ValidationError, match="not accepted"):
        plan.link_ideas(change, [idea], by=cast.petra)
    assert change.ideas.get().title == "Keep a wishlist"
