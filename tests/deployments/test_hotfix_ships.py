"""A hotfix really ships while a planned release is frozen; that one comes back, is tested where it must be, ships."""

import pytest

from deployments import approvals, gates, intake, services
from deployments.models import Deployment
from environments import repositories
from ideas.models import Idea
from releases import changes, hotfixes, plan, signoffs, verdicts
from releases.models import Candidate, Change, Release
from tests.checklist import go_through
from tests.deployments.engine import Shop, log_of

pytestmark = pytest.mark.slow
C, R = Change.Status, Release.Status


def build(engine: Shop, change: Change, path: str, text: str) -> None:
    """Dev writes one file on the change's branch and offers it."""
    engine.upstream.git("checkout", "-q", "-B", change.branch, "main")
    engine.upstream.write(path, text)
    engine.upstream.commit(f"{change.key}: {path}")
    engine.upstream.git("checkout", "-q", "main")
    intake.poll_upstream()
    engine.settle()
    changes.mark_ready(Change.objects.get(pk=change.pk), by=engine.cast.dev)


def shop(line: int, text: str) -> str:
    return "".join(f"{text if n == line else f'line {n}'}\n" for n in range(1, 61))


def frozen(engine: Shop) -> Release:
    """24.11 with C-1 in shop.py and C-2 in a file of its own: tested, frozen, on staging, shown to everybody."""
    release = engine.plan("Keep a wishlist", "Wrap gifts")
    wishlist, gifts = release.changes.order_by("number")
    build(engine, wishlist, "shop.py", shop(10, "wishlist"))
    build(engine, gifts, "gifts.py", "paper = True\n")
    services.promote(engine.cast.product, by=engine.cast.lena)
    engine.settle()
    for change in (wishlist, gifts):
        say_yes(engine, change)
    plan.freeze(release, by=engine.cast.petra)
    engine.settle()
    show(engine, release)
    return fresh(release)


def say_yes(engine: Shop, change: Change) -> None:
    change.refresh_from_db()
    verdicts.approve(change, candidate=on_staging(engine), by=engine.cast.tess)


def on_staging(engine: Shop) -> Candidate:
    return engine.cast.product.candidates.exclude(staged_at=None).latest("staged_at")


def show(engine: Shop, release: Release) -> None:
    go_through(fresh(release), engine.cast.tess)
    for audience, who in (("managers", engine.cast.max), ("customers", engine.cast.petra)):
        signoffs.sign_off(fresh(release), audience=audience, outcome="yes", words="Good.", by=who)


def fresh(release: Release) -> Release:
    return Release.objects.select_related("candidate", "product").get(pk=release.pk)


def hotfix_of_a_bug(engine: Shop) -> Release:
    """A repair in shop.py, far from the wishlist's line; nobody has begun it when it is asked for."""
    bug = engine.idea("Nobody can pay")
    Idea.objects.filter(pk=bug.pk).update(kind=Idea.Kind.BUG)
    hotfix = hotfixes.propose(engine.cast.product, bugs=[bug], by=engine.cast.ops, reason="Nobody can pay")
    change = hotfix.changes.get()
    changes.assign(change, developer=engine.cast.dev, by=engine.cast.lena)
    build(engine, change, "shop.py", shop(40, "paid"))
    plan.freeze(fresh(hotfix), by=engine.cast.petra)
    engine.settle()
    return fresh(hotfix)


def ship(engine: Shop, release: Release) -> Deployment:
    approvals.approve(fresh(release), by=engine.cast.max)
    engine.settle()
    deployment = engine.production.deployments.latest("id")
    assert deployment.status == Deployment.Status.SUCCEEDED, log_of(deployment)
    assert engine.runs(engine.production) == release.version
    return deployment


def shut(release: Release) -> set[str]:
    return {gate.key for gate in gates.missing(fresh(release))}


def test_a_hotfix_ships_and_only_what_it_overlaps_is_tested_again(engine: Shop):
    release = frozen(engine)
    assert shut(release) == {"approvals"}
    before = release.candidate
    hotfix = hotfix_of_a_bug(engine)
    assert engine.runs(engine.environment("staging")) == hotfix.version
    assert "has_staging" in shut(release), "it made way"
    say_yes(engine, hotfix.changes.get())
    go_through(fresh(hotfix), engine.cast.tess)
    ship(engine, hotfix)

    release, hotfix = fresh(release), fresh(hotfix)
    wishlist, gifts = release.changes.order_by("number")
    assert (hotfix.status, release.status, release.is_parked) == (R.LIVE, R.FROZEN, False)
    assert release.candidate != before and release.candidate.base == hotfix.candidate
    assert engine.runs(engine.environment("staging")) == release.version
    assert (wishlist.status, gifts.status) == (C.STAGING, C.APPROVED)
    [kept] = verdicts.standing(release.candidate).values()
    assert (kept.change, kept.carried_from.digest, kept.by) == (gifts, before.digest, engine.cast.tess)
    words = {"changes_approved", "checklist_done", "managers_demo", "customers_demo", "approvals"}
    assert shut(release) == words, "all else was proved anew by workers"

    say_yes(engine, wishlist)
    show(engine, release)
    ship(engine, release)
    assert fresh(release).status == R.LIVE
    assert production(engine) == ["24.11", hotfix.version, before.base.label]
    assert [file("shop.py", engine).count(word) for word in ("wishlist", "paid")] == [1, 1]
    assert file("gifts.py", engine) == "paper = True\n"


def production(engine: Shop) -> list[str]:
    """What production ran, the newest first, as its branch tells it."""
    git = repositories.git(engine.repository)
    log = git.log(None, git.refs("refs/heads/")["env/production"])
    return [commit.subject.split(": ")[1].split("+")[0] for commit in log if commit.trailer("Deployment")]


def file(path: str, engine: Shop) -> str:
    git = repositories.git(engine.repository)
    return (git.read_file(git.refs("refs/heads/")["env/production"], path) or b"").decode()
