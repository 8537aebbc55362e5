"""What waits for one person in plans, changes, tests, demos and surveys."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ideas.models import Idea
from lifecycle.inbox import Waiting
from lifecycle.roles import Actor
from releases import candidates, changes, enough, invitations, pins, plan, signoffs, waiting_tests
from releases.models import Candidate, Change, Demo, Notes, Release, SignOff, Survey
from releases.pages.bench import on_staging

S = Change.Status
SURVEY_DAYS = 30


def waiting_for(actor: Actor) -> list[Waiting]:
    """What this person has to do here, in no particular order; nothing for a visitor."""
    if actor.user is None:
        return []
    found = [*to_answer(actor), *to_try(actor)]
    if actor.may("develop"):
        found += [*to_build(actor), *to_start(actor)]
    if actor.may("give_verdict"):
        found += to_test(actor)
    if actor.may("plan_release"):
        found += to_plan(actor)
    if actor.may("edit_notes"):
        found += to_word(actor)
    if actor.is_team:
        found += [*to_host(actor), *to_sign_off(actor), *waiting_tests.waiting_for(actor)]
    return found


def to_build(actor: Actor) -> Iterator[Waiting]:
    """My changes: returned, colliding, green but not offered, or not begun."""
    mine = actor.user.changes.filter(product=actor.product, status__in=[S.PLANNED, S.DEVELOPMENT])
    for change in mine.select_related("revision", "release", "requires").prefetch_related("revision__checks"):
        url = reverse("releases:my_changes")
        if change.is_returned:
            yield Waiting(change.title, change.return_reason, change.waiting_since, url, _("Fix it"), "corner-up-left")
        elif change.conflict:
            why = _("It conflicts with %(other)s") % {"other": change.conflict["with"] or _("what is live")}
            yield Waiting(change.title, why, change.waiting_since, url, _("Rebase it"), "git-merge")
        elif change.status == S.PLANNED:
            why = _("You build it for %(release)s") % {"release": change.release}
            yield Waiting(change.title, why, change.waiting_since, url, _("Start it"), "git-branch")
        elif not changes.reasons_not_ready(change):
            why = _("Its tests passed: say when it is ready")
            yield Waiting(change.title, why, change.waiting_since, url, _("Mark it ready"), "circle-check")
    for change in pins.left_over(actor.user.changes.filter(product=actor.product)).select_related(
        "revision", "release"
    ):
        url, since = reverse("releases:change", args=[change.number]), change.revision.seen_at
        yield Waiting(change.title, pins.not_live(change), since, url, _("See what is left"), "git-branch")


def to_start(actor: Actor) -> Iterator[Waiting]:
    """Planned changes that nobody builds yet: for the team lead, who knows who is free."""
    if "team_lead" not in actor.roles:
        return
    free = Change.objects.filter(product=actor.product, developer=None, release__status=Release.Status.PLANNED)
    for change in free.filter(status=S.PLANNED).select_related("release"):
        why = _("Nobody builds it yet in %(release)s") % {"release": change.release}
        url = plan.page_of(change.release)
        yield Waiting(change.title, why, change.waiting_since, url, _("Say who builds it"), "user-plus")


def to_test(actor: Actor) -> Iterator[Waiting]:
    """What is on staging without a verdict."""
    for change in on_staging(candidates.on_staging(actor.product)):
        url = f"{reverse('releases:testing')}?change={change.number}"
        yield Waiting(change.title, _("It is on staging"), change.waiting_since, url, _("Test it"), "flask-conical")


def to_plan(actor: Actor) -> Iterator[Waiting]:
    """Drafts to publish, plans to freeze, candidates that could not be put together."""
    for release in Release.objects.filter(product=actor.product, status__in=["draft", "planned", "frozen"]):
        url, title = plan.page_of(release), _("Release %(version)s") % {"version": release}
        if release.status == Release.Status.DRAFT and actor.user.pk in (release.owner_id, release.author_id):
            yield Waiting(title, _("Your draft is not published"), release.created_at, url, _("Publish it"), "map")
        elif release.status == Release.Status.PLANNED and not plan.reasons_not_to_freeze(release):
            why = enough.standing(release, release.changes.all()).words if release.is_planned else _("It may be frozen")
            yield Waiting(title, why, release.published_at or release.created_at, url, _("Freeze it"), "snowflake")
        elif release.is_frozen and release.candidate and release.candidate.status == Candidate.Status.FAILED:
            yield Waiting(title, release.candidate.error, release.frozen_at, url, _("Open the plan"), "triangle-alert")


def to_word(actor: Actor) -> Iterator[Waiting]:
    """Notes that nobody has read over, while the watch after which everybody reads them is open."""
    drafts = Notes.objects.filter(release__product=actor.product, status=Notes.Status.DRAFT, edited_at=None)
    told = drafts.filter(release__status=Release.Status.LIVE, lines__isnull=False).distinct()
    for notes in told.select_related("release"):
        title = _("Release notes of %(version)s") % {"version": notes.release}
        why = _("Everybody reads them when the watch has closed well.")
        url = reverse("releases:notes", args=[notes.release.version])
        yield Waiting(title, why, notes.release.live_at, url, _("Read them over"), "megaphone")


def to_sign_off(actor: Actor) -> Iterator[Waiting]:
    """The demo of a frozen release, for managers and for whoever speaks for the customers."""
    planned = Release.objects.filter(product=actor.product, kind=Release.Kind.PLANNED, parked_at=None)
    release = planned.filter(status=Release.Status.FROZEN).first()
    if release is None or release.candidate is None or release.candidate.staged_at is None:
        return
    wanted = [SignOff.Audience.MANAGERS]
    if release.product.customers_demo_required and signoffs.has_yes(release, SignOff.Audience.MANAGERS):
        wanted = [SignOff.Audience.CUSTOMERS]
    said = signoffs.standing(release)
    for audience in wanted:
        if audience not in said and signoffs.may_speak(release, audience, actor):
            title = _("Demo of %(version)s") % {"version": release}
            why = _("It is on staging and %(audience)s have not seen it") % {"audience": audience.label}
            url = reverse("releases:demo", args=[release.version])
            yield Waiting(title, why, release.candidate.staged_at, url, _("Say what they said"), "presentation")


def to_host(actor: Actor) -> Iterator[Waiting]:
    """My sessions: nobody is invited yet, it is time to open it, it is time to close it."""
    mine = Demo.objects.filter(host=actor.user, release__product=actor.product, status__in=["planned", "open"])
    shown = mine.filter(release__status__in=[Release.Status.PLANNED, Release.Status.FROZEN])
    for demo in shown.select_related("release").prefetch_related("invitations"):
        if due := host_has_to(demo):
            why, since, action, icon = due
            title, who = _("Demo of %(version)s") % {"version": demo.release}, demo.get_audience_display()
            url = reverse("releases:demo", args=[demo.release.version])
            yield Waiting(title, f"{who}: {why}", since, url, action, icon)


def host_has_to(demo: Demo) -> tuple[str, datetime, str, str] | None:
    """Why, since when, what and the icon of the one thing to do about a session; None while nothing is due."""
    now = timezone.now()
    if not demo.invitations.all():
        return _("nobody is invited"), demo.created_at, _("Invite them"), "mail"
    if demo.is_planned and demo.starts_at <= now:
        return _("it begins"), demo.starts_at, _("Open the demo"), "presentation"
    if demo.is_open and demo.ends_at <= now:
        return _("its time is over"), demo.ends_at, _("Close the demo"), "lock"
    return None


def to_try(actor: Actor) -> Iterator[Waiting]:
    """Demos that are open and that I was invited to, until I said something about what is shown now."""
    mine = actor.user.demo_invitations.filter(demo__release__product=actor.product, revoked_at=None)
    shown = mine.filter(demo__release__status=Release.Status.FROZEN, demo__release__parked_at=None)
    open_now = shown.filter(demo__status=Demo.Status.OPEN).select_related("demo__release__candidate")
    for invitation in open_now:
        demo, candidate = invitation.demo, invitation.demo.release.candidate
        if candidate and not invitation.answers.filter(digest=candidate.digest).exists():
            title, why = _("Before it is released"), _("You are asked whether it is right")
            yield Waiting(title, why, demo.opened_at, invitations.link(invitation), _("Try it"), "presentation")


def to_answer(actor: Actor) -> Iterator[Waiting]:
    """Open questions about ideas I shared or voted for, for a month."""
    since = timezone.now() - timedelta(days=SURVEY_DAYS)
    surveys = Survey.objects.filter(release__product=actor.product, opened_at__gte=since).select_related("release")
    for survey in surveys:
        for idea in unanswered(survey, actor):
            url = reverse("releases:feedback", args=[survey.release.version, idea.number])
            why = _("You asked for it and it is live")
            yield Waiting(idea.title, why, survey.opened_at, url, _("Say if it helps"), "message-square-heart")


def unanswered(survey: Survey, actor: Actor) -> list[Idea]:
    """The survey's ideas that this person wanted and has not answered about."""
    mine = Q(author=actor.user) | Q(vote_rows__user=actor.user) | Q(merged__vote_rows__user=actor.user)
    shipped = Change.objects.filter(candidate_rows__candidate=survey.release.candidate_id)
    ideas = Idea.objects.visible_to(actor).filter(mine, changes__in=shipped).distinct()
    answered = survey.answers.filter(user=actor.user).values("idea")
    return list(ideas.exclude(pk__in=answered).order_by("pk")[:10])
