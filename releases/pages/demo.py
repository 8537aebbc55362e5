"""The demo of a frozen release, for the team: the session of each audience, who came, what they said, its sign-off."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from environments.models import Environment
from environments.queries import of_kind
from lifecycle.dates import ago
from lifecycle.models import Notification
from lifecycle.models.messages import Channel
from lifecycle.roles import Actor
from lifecycle.transitions import NotAllowed
from releases import demo_answers, demo_ideas, invitations, signoffs
from releases.demo_answers import Tally
from releases.demo_forms import SessionForm
from releases.forms import Domain, SignOffForm
from releases.models import Demo, Invitation, Release, SignOff
from releases.models.audiences import Audience
from releases.pages.customers import novelties

A = Audience
Bound = dict[str, Domain]


@dataclass(frozen=True)
class Guest:
    """One invited person: why, how the mail fared, whether they opened it, came and answered."""

    invitation: Invitation
    mail: str
    opened: str
    answered: int


@dataclass(frozen=True)
class Session:
    """A demo with its guests and the tally of what they said about what is frozen now."""

    demo: Demo
    when: str
    guests: list[Guest]
    summary: str
    missing: int
    tally: list[Tally]

    @property
    def answers(self) -> int:
        return sum(one.total for one in self.tally)


@dataclass(frozen=True)
class Panel:
    """One audience: its session or the form to plan one, its standing word, and the form of whoever speaks for it."""

    audience: Audience
    route: str
    session: Session | None
    plan_form: SessionForm | None
    said: SignOff | None
    when: str
    form: SignOffForm | None
    blocked: str
    on_behalf: bool


def page(release: Release, actor: Actor, bound: Bound | None = None) -> dict[str, Any]:
    """Everything demo.html shows; `bound` are forms that were sent with mistakes, by audience or plan-audience."""
    panels = [panel(release, audience, actor, bound or {}) for audience in audiences(release)]
    said = release.signoffs.select_related("by").order_by("-id")
    return {
        "release": release,
        "headline": headline(release, panels),
        "panels": panels,
        "news": novelties(release, actor),
        "staging": of_kind(release.product, Environment.Kind.STAGING),
        "earlier": [(signoff, ago(signoff.at)) for signoff in said],
    }


def audiences(release: Release) -> list[Audience]:
    """Who must say yes: managers, then customers where the product asks them."""
    return [A.MANAGERS] + ([A.CUSTOMERS] if release.product.customers_demo_required else [])


def panel(release: Release, audience: Audience, actor: Actor, bound: Bound) -> Panel:
    said, blocked = signoffs.standing(release).get(audience), blocked_because(release, audience)
    demo = signoffs.session(release, audience)
    speaks = not blocked and signoffs.may_speak(release, audience, actor)
    sign = bound.get(audience) or SignOffForm(prefix=audience, initial=seen(release))
    return Panel(
        audience=audience,
        route=f"releases:sign_off_{audience}",
        session=session(demo) if demo else None,
        plan_form=plan_form(release, audience, actor, bound) if may_plan(actor, said) else None,
        said=said,
        when=ago(said.at) if said else "",
        form=sign if speaks else None,
        blocked=blocked,
        on_behalf=audience == A.CUSTOMERS,
    )


def may_plan(actor: Actor, said: SignOff | None) -> bool:
    """Whether a (further) session is of use: not after a yes."""
    return actor.may("record_demo") and not (said and said.is_yes)


def plan_form(release: Release, audience: str, actor: Actor, bound: Bound) -> SessionForm | None:
    """Offered while no session for them is coming and the release can still be shown."""
    coming = release.demos.filter(audience=audience, status__in=[Demo.Status.PLANNED, Demo.Status.OPEN])
    if release.is_out or coming.exists():
        return None
    if found := bound.get(f"plan-{audience}"):
        return found
    return SessionForm(release=release, host=actor.user, prefix=f"plan-{audience}", initial={"audience": audience})


def session(demo: Demo) -> Session:
    guests = guests_of(demo)
    digest = demo.release.candidate.digest if demo.release.candidate else ""
    tally = demo_answers.tally(demo, digest, demo_ideas.changes_of(demo.release))
    known = {guest.invitation.user_id for guest in guests}
    missing = 0 if demo.is_over else len({user.pk for user in invitations.people_for(demo)} - known)
    return Session(demo, invitations.moment(demo.starts_at), guests, summary(guests), missing, tally)


def guests_of(demo: Demo) -> list[Guest]:
    """Everybody invited, whoever answered first."""
    rows = list(demo.invitations.select_related("user").prefetch_related("answers").order_by("user__name", "pk"))
    mails = Notification.objects.filter(key=f"demo:{demo.pk}:invited", channel=Channel.EMAIL)
    state = {mail.user_id: mail.status for mail in mails}
    return [guest(row, state.get(row.user_id)) for row in rows]


def guest(invitation: Invitation, mail: str | None) -> Guest:
    words = str(Notification.Status(mail).label) if mail else _("in the app only")
    opened = ago(invitation.opened_at) if invitation.opened_at else ""
    return Guest(invitation, words, opened, len({answer.change_id for answer in invitation.answers.all()}))


def summary(guests: list[Guest]) -> str:
    """ "3 invited, 2 opened it, 1 came"."""
    invited = ngettext("%(n)d invited", "%(n)d invited", len(guests)) % {"n": len(guests)}
    opened = sum(bool(guest.opened) for guest in guests)
    came = sum(bool(guest.invitation.attended) for guest in guests)
    return ", ".join([invited, _("%(n)d opened it") % {"n": opened}, _("%(n)d came") % {"n": came}])


def seen(release: Release) -> dict[str, str]:
    """What the form sends back, so that a word is never about a candidate nobody looked at."""
    return {"digest": release.candidate.digest if release.candidate else ""}


def blocked_because(release: Release, audience: str) -> str:
    try:
        signoffs.require_shown(release, audience)
    except NotAllowed as reason:
        return str(reason)
    return ""


def headline(release: Release, panels: list[Panel]) -> str:
    """Whose word is missing."""
    missing = [panel for panel in panels if not panel.said or not panel.said.is_yes]
    if not missing:
        return _("Everybody who saw %(version)s said yes") % {"version": release}
    if missing[0].said:
        return _("%(version)s: not yet") % {"version": release}
    if missing[0].audience == A.MANAGERS:
        return _("Show %(version)s to the managers") % {"version": release}
    return _("Show %(version)s to customers") % {"version": release}
