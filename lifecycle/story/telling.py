"""The second half of the story, told by the running workers: three releases, as far as each has come.

Nothing here writes a status. Each round looks at the facts and lets the right person do the next thing, so a story
that was interrupted goes on where it stopped.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from deployments import approvals, running, shifts
from deployments import services as deployments
from deployments.models import Deployment, Rehearsal
from environments import repositories
from environments.models import Branch, Environment
from ideas.models import Idea
from lifecycle.models import Product, User, Work
from lifecycle.story.seed import upstream
from lifecycle.story.wishes import WISHES
from lifecycle.transitions import NotAllowed
from releases import candidates, changes, checklists, demos, invitations, plan, rules, signoffs, verdicts
from releases.models import Candidate, Change, Release, SignOff

Say = Callable[[str], None]
Found = TypeVar("Found")
PATIENCE_SECONDS = 240
ROUND_SECONDS = 0.3

WHILE_WE_UPDATE = "Your orders and your basket stay as they are\nIf something breaks we go back within a minute"


@dataclass(frozen=True)
class Chapter:
    """One release of the story: its wishes with their branches, and the status at which the story leaves it."""

    version: str
    goal: str
    in_days: int
    branches: dict[str, str]
    ends_as: str


CHAPTERS = (
    Chapter(
        "26.10",
        "Find again what you liked",
        0,
        {"wishlist": "idea/wishlist", "recent": "idea/recently-viewed"},
        Release.Status.LIVE,
    ),
    Chapter(
        "26.11",
        "Presents, and a search that understands you",
        4,
        {"gift": "idea/gift-wrap", "rusearch": "idea/russian-search"},
        Release.Status.FROZEN,
    ),
    Chapter(
        "26.12",
        "Know what delivery costs and when it comes",
        18,
        {
            "freebar": "idea/free-delivery-bar",
            "sticky": "idea/sticky-header",
            "slots": "idea/delivery-slots",
            "sizes": "idea/size-guide",
        },
        Release.Status.PLANNED,
    ),
)


class StoryStuck(Exception):
    """The workers did not get as far as expected in PATIENCE_SECONDS; the text says where it stopped."""


def is_told(product: Product) -> bool:
    """Whether the last chapter has begun and the earlier ones are as far as they go."""
    return all(chapter_is_told(product, chapter) for chapter in CHAPTERS)


def chapter_is_told(product: Product, chapter: Chapter) -> bool:
    release = Release.objects.filter(product=product, version=chapter.version).first()
    if release is None:
        return False
    order = [Release.Status.DRAFT, Release.Status.PLANNED, Release.Status.FROZEN, Release.Status.LIVE]
    if release.status in order and order.index(release.status) < order.index(chapter.ends_as):
        return False
    if chapter.ends_as != Release.Status.FROZEN or release.status != Release.Status.FROZEN:
        return True
    return is_shown(release) and is_rehearsed(release) and release.demos.exists()


def is_shown(release: Release) -> bool:
    """Whether the frozen candidate runs on staging."""
    staging = Environment.objects.filter(product=release.product, kind=Environment.Kind.STAGING).first()
    deployed = running.current(staging) if staging else None
    return deployed is not None and deployed.candidate_id == release.candidate_id


def is_rehearsed(release: Release) -> bool:
    """Whether the workers have tried the way back, however that ended."""
    return release.rehearsals.filter(candidate=release.candidate).exclude(status__in=Rehearsal.GOING).exists()


def tell(product: Product, *, say: Say) -> None:
    """Tell what is still untold; StoryStuck when the workers do not follow."""
    cast = {user.email.split("@")[0]: user for user in User.objects.filter(memberships__product=product)}
    begin(product, cast, say)
    for chapter in CHAPTERS:
        Narrator(product, cast, chapter, say).tell()


def begin(product: Product, cast: dict[str, User], say: Say) -> None:
    """Connect the repository, record what runs today as candidate 0 and put it on all three environments."""
    if not hasattr(product, "repository"):
        repositories.connect(product, str(upstream()), by=cast["ops"])
        say("repository connected")
    main = wait_for(lambda: Branch.objects.filter(repository__product=product, name="main").first(), "main to be seen")
    if not Candidate.objects.filter(product=product, purpose=Candidate.Purpose.ADOPTED).exists():
        candidates.adopt(product, sha=main.sha, by=cast["ops"])
    adopted = Candidate.objects.get(product=product, purpose=Candidate.Purpose.ADOPTED)
    environments = list(Environment.objects.filter(product=product))
    for environment in environments:
        if not environment.deployments.exists():
            deployments.request(environment, adopted, by=cast["ops"], reason="First deployment")
    if not product.watch_shifts.exists():
        now = timezone.now()
        shifts.take(product, starts_at=now, ends_at=now + timedelta(days=1), by=cast["ops"])
    wait_for(lambda: all(running.current(environment) for environment in environments), "the first deployments")
    say("the shop runs on dev, staging and production")


class Narrator:
    """Tells one chapter: looks at the facts, does the next thing, waits for the workers, looks again."""

    def __init__(self, product: Product, cast: dict[str, User], chapter: Chapter, say: Say) -> None:
        self.product, self.cast, self.chapter, self.say = product, cast, chapter, say
        self.titles = {wish.title: wish.key for wish in WISHES}

    def tell(self) -> None:
        wait_for(self.round, f"release {self.chapter.version}", describe=self.where)
        self.link_branches(self.release())
        self.say(f"release {self.chapter.version} is {self.release().get_status_display().lower()}")

    def round(self) -> bool:
        """Do what can be done now; True when the chapter is told."""
        if chapter_is_told(self.product, self.chapter):
            return True
        release = self.release()
        try:
            self.next_move(release)
        except NotAllowed:
            return False
        return False

    def release(self) -> Release:
        found = Release.objects.filter(product=self.product, version=self.chapter.version).first()
        return found or self.plan()

    def plan(self) -> Release:
        titles = [wish.title for wish in WISHES if wish.key in self.chapter.branches]
        rules.change(self.product, by=self.cast["petra"], update_words=WHILE_WE_UPDATE)
        return plan.create(
            product=self.product,
            version=self.chapter.version,
            goal=self.chapter.goal,
            target_date=(timezone.now() + timedelta(days=self.chapter.in_days)).date(),
            ideas=list(Idea.objects.filter(product=self.product, title__in=titles)),
            by=self.cast["petra"],
        )

    def next_move(self, release: Release) -> None:
        moves = {
            Release.Status.DRAFT: lambda release: plan.publish(release, by=self.cast["petra"]),
            Release.Status.PLANNED: self.develop,
            Release.Status.FROZEN: self.finish,
        }
        move = moves.get(Release.Status(release.status))
        if move is not None:  # else it went live since we looked
            move(release)

    def link_branches(self, release: Release) -> None:
        for change in release.changes.filter(status=Change.Status.PLANNED, developer=None):
            key = self.titles[change.title]
            changes.assign(change, developer=self.cast["dev"], by=self.cast["lena"])
            changes.link_branch(change, branch=self.chapter.branches[key], by=self.cast["dev"])

    def develop(self, release: Release) -> None:
        """From the branch to the tester's yes; freeze when every change has one."""
        self.link_branches(release)
        rows = list(release.changes.select_related("revision"))
        for change in rows:
            if change.status == Change.Status.DEVELOPMENT and not changes.reasons_not_ready(change):
                changes.mark_ready(change, by=self.cast["dev"])
        statuses = {change.status for change in release.changes.all()}
        if statuses == {Change.Status.READY}:
            self.promote()
        elif statuses <= {Change.Status.STAGING, Change.Status.APPROVED} and Change.Status.STAGING in statuses:
            self.test(release)
        elif statuses == {Change.Status.APPROVED}:
            plan.freeze(release, by=self.cast["petra"])

    def promote(self) -> None:
        """Send what is ready to staging, unless a composition or a deployment is on its way there already."""
        staging = Environment.objects.get(product=self.product, kind=Environment.Kind.STAGING)
        open_work = [Work.Status.QUEUED, Work.Status.CLAIMED, Work.Status.LOST]
        composing = Work.objects.filter(kind="compose", product=self.product, status__in=open_work).exists()
        if not (composing or running.active(staging) or running.line(staging).exists()):
            deployments.promote(self.product, by=self.cast["lena"])

    def test(self, release: Release) -> None:
        staging = Environment.objects.get(product=self.product, kind=Environment.Kind.STAGING)
        deployed = running.current(staging)
        for change in release.changes.filter(status=Change.Status.STAGING):
            verdicts.approve(change, candidate=deployed.candidate, by=self.cast["tess"])

    def finish(self, release: Release) -> None:
        """Demo, both sign-offs and the manager's yes, after which it ships by itself; unless it is to stay frozen."""
        if not is_shown(release):
            return
        if self.chapter.ends_as == Release.Status.FROZEN:
            self.show(release)
            return
        self.go_through(release)
        said = set(release.signoffs.filter(candidate=release.candidate).values_list("audience", flat=True))
        for audience, person in ((SignOff.Audience.MANAGERS, "max"), (SignOff.Audience.CUSTOMERS, "petra")):
            if audience not in said:
                signoffs.sign_off(release, audience=audience, outcome="yes", words="", by=self.cast[person])
        if not release.approvals.filter(candidate=release.candidate, withdrawn_at=None).exists():
            approvals.approve(release, by=self.cast["max"], role="manager", words="")

    @transaction.atomic
    def show(self, release: Release) -> None:
        """The managers' session is open, and each of them has a link to try it."""
        if not release.demos.exists():
            demo = demos.plan(
                release, audience=SignOff.Audience.MANAGERS, starts_at=timezone.now(), by=self.cast["petra"]
            )
            invitations.invite(demo, by=self.cast["petra"])
            demos.begin(demo, by=self.cast["petra"])

    def go_through(self, release: Release) -> None:
        """Tess ticks what is on the checklist of the whole."""
        points = checklists.points_of(release, release.candidate)
        done = checklists.answers_of(points, release.candidate.digest)
        for point in points:
            if point.pk not in done:
                checklists.answer(point, candidate=release.candidate, ok=True, by=self.cast["tess"])

    def where(self) -> str:
        """Where the chapter stands, for the message when it does not go on."""
        last = Deployment.objects.filter(product=self.product).order_by("-id").first()
        states = ", ".join(f"{c.key} {c.status}" for c in self.release().changes.all())
        return f"{self.release().status}; {states}; deployment {last} {last and last.status} {last and last.error}"


def wait_for(found: Callable[[], Found | None], what: str, *, describe: Callable[[], str] = str) -> Found:
    """Ask again until the answer is true; StoryStuck after PATIENCE_SECONDS."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(ROUND_SECONDS)
    raise StoryStuck(f"Waited {PATIENCE_SECONDS} s for {what}. {describe()}")
