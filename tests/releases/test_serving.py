"""A change serves any number of ideas, or none: named in its commits, or chosen on its page and by the API."""

import pytest

from environments import repositories
from environments.models import Repository
from ideas import services as ideas
from ideas.models import Idea, Stop
from lifecycle.transitions import NotAllowed
from releases import changes, intake, plan, serving, trunk
from releases.models import Change, Release

PATH = "/api/v1/products/shop/changes/1/ideas/"


@pytest.fixture
def change(workshop, plan_of) -> Change:
    return plan_of("Keep a wishlist").changes.get()


@pytest.fixture
def push(cast, workshop):
    """`push(branch, message, start=…)` commits to it and takes it in, in the product's mode."""

    def run(branch: str, message: str, *, start: str = "main") -> None:
        workshop.git("checkout", "-q", "-B", branch, start)
        workshop.write(f"file-{branch.replace('/', '-')}.txt", message)
        workshop.commit(message)
        repository = Repository.objects.get()
        for moved in repositories.poll(repository):
            if repository.mode == Repository.Mode.TRUNK and moved.name == "main":
                trunk.take_in(moved)
            elif repository.mode == Repository.Mode.BRANCHES:
                intake.take(moved)

    return run


def served(change: Change) -> list[str]:
    return list(change.ideas.order_by("number").values_list("title", flat=True))


def test_a_second_idea_is_named_in_a_commit_and_is_in_development_with_the_first(cast, change, push, idea_of):
    second = idea_of("Share a wishlist")
    first = change.ideas.get()
    push("wishlist", f"Keep and share it.\n\nIdea: {first.number}\nIdea: {second.number}")
    change.refresh_from_db()
    second.refresh_from_db()
    assert (change.branch, served(change)) == ("wishlist", ["Keep a wishlist", "Share a wishlist"])
    assert second.stop == Stop.DEVELOPMENT
    assert change.release.plan_version == 2


def test_the_same_in_trunk_mode(cast, change, push, idea_of):
    repositories.set_mode(Repository.objects.get(), mode="trunk", by=cast.ops)
    second, first = idea_of("Share a wishlist"), change.ideas.get()
    push("main", f"Keep and share it (#7)\n\nIdea: #{first.number}\nIdea: #{second.number}")
    change.refresh_from_db()
    assert (change.revision.number, served(change)) == (1, ["Keep a wishlist", "Share a wishlist"])
    assert Change.objects.count() == 1


def test_the_first_idea_that_is_planned_says_whose_branch_it_is(cast, change, push, idea_of):
    second = idea_of("Share a wishlist")
    push("wishlist", f"Share it.\n\nIdea: {second.number}\nIdea: {change.ideas.get().number}")
    change.refresh_from_db()
    assert (change.branch, len(served(change))) == ("wishlist", 2)


def test_what_was_not_accepted_or_is_unknown_is_left_alone_and_a_duplicate_stands_for_its_primary(
    cast, change, push, idea_of
):
    declined, duplicate, primary = idea_of("Dance"), idea_of("Share lists"), idea_of("Share a wishlist")
    Idea.objects.filter(pk=declined.pk).update(status=Idea.Status.DECLINED)
    ideas.merge(duplicate, into=primary, by=cast.petra)
    trailers = "\n".join(f"Idea: {number}" for number in (declined.number, duplicate.number, 999, "x", 1))
    push(change.branch, f"Keep it.\n\n{trailers}")
    assert served(change) == ["Keep a wishlist", "Share a wishlist"]


def test_what_a_person_took_off_does_not_come_back_with_the_next_push(cast, change, push, idea_of):
    second = idea_of("Share a wishlist")
    push(change.branch, f"Keep it.\n\nIdea: {second.number}")
    assert len(served(change)) == 2
    serving.link_ideas(Change.objects.get(), [change.ideas.first()], by=cast.petra)
    push(change.branch, "Keep it better.", start=change.branch)
    assert served(change) == ["Keep a wishlist"]
    second.refresh_from_db()
    assert second.stop == Stop.REVIEW


def test_nothing_joins_a_frozen_plan(cast, frozen, push, idea_of):
    release = frozen("Keep a wishlist")
    change, second = release.changes.get(), idea_of("Share a wishlist")
    push(change.branch, f"Keep it.\n\nIdea: {second.number}", start=change.branch)
    change.refresh_from_db()
    assert (change.revision.number, served(change)) == (2, ["Keep a wishlist"])
    with pytest.raises(NotAllowed):
        serving.link_ideas(change, [second], by=cast.petra)


def test_ideas_are_chosen_on_its_page(cast, sign_in, change, idea_of):
    second = idea_of("Share a wishlist")
    page, petra = f"/changes/{change.number}/", sign_in(cast.petra)
    assert "Share a wishlist" in petra.get(page).content.decode()
    assert "serves these" not in sign_in(cast.dev).get(page).content.decode()
    chosen = [change.ideas.get().pk, second.pk]
    assert petra.post(page + "ideas/", {"ideas": chosen}).status_code == 302
    assert len(served(change)) == 2
    assert petra.post(page + "ideas/", {}).status_code == 302
    assert "Maintenance: nobody asked for it" in petra.get(page).content.decode()
    assert petra.post(page + "ideas/", {"ideas": [99999]}).status_code == 422
    assert sign_in(cast.dev).post(page + "ideas/", {"ideas": chosen}).status_code == 403


def test_and_by_the_api(cast, sign_in, change, idea_of):
    second, kind = idea_of("Share a wishlist"), "application/json"
    petra = sign_in(cast.petra)
    answer = petra.put(PATH, {"ideas": [1, second.number]}, kind)
    assert (answer.status_code, answer.json()["ideas"]) == (200, [1, second.number])
    assert petra.put(PATH, {"ideas": [77]}, kind).status_code == 422
    assert petra.put(PATH, {}, kind).status_code == 422
    assert petra.put(PATH, {"ideas": []}, kind).json()["ideas"] == []
    assert sign_in(cast.dev).put(PATH, {"ideas": []}, kind).status_code == 403


def test_what_is_built_without_a_plan_can_be_given_ideas_until_it_is_live(cast, change, build, idea_of):
    build(change)
    plan.drop_change(change, by=cast.petra, reason="Later")
    change.refresh_from_db()
    second = idea_of("Share a wishlist")
    serving.link_ideas(change, [*change.ideas.all(), second], by=cast.petra)
    second.refresh_from_db()
    assert (change.release, second.stop) == (None, Stop.DEVELOPMENT)
    Change.objects.filter(pk=change.pk).update(status=Change.Status.LIVE)
    with pytest.raises(NotAllowed, match="has ended"):
        serving.link_ideas(Change.objects.get(), [], by=cast.petra)


def test_a_draft_says_nothing_to_the_ideas_yet(cast, change, idea_of):
    Release.objects.update(status=Release.Status.DRAFT)
    second = idea_of("Share a wishlist")
    serving.link_ideas(Change.objects.get(), [*change.ideas.all(), second], by=cast.petra)
    second.refresh_from_db()
    assert second.stop == Stop.REVIEW


def test_maintenance_is_planned_built_and_offered_on_a_branch_of_its_own(cast, change, build):
    made = plan.add_maintenance(change.release, title="Renew the certificates", by=cast.petra)
    assert made.branch == "maintenance/renew-the-certificates"
    made = build(made, line=20)
    changes.mark_ready(made, by=cast.dev)
    assert (made.status, served(made)) == (Change.Status.READY, [])
