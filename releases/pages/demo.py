"""The demo of a frozen release: what to show, what each audience said."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from environments.models import Environment
from environments.queries import of_kind
from lifecycle.dates import ago
from lifecycle.roles import Actor
from lifecycle.transitions import NotAllowed
from releases import signoffs
from releases.forms import SignOffForm
from releases.models import Release, SignOff
from releases.pages.customers import novelties

A = SignOff.Audience


@dataclass(frozen=True)
class Panel:
    """One audience: its standing word, the form of whoever may speak for it, or why it cannot yet."""

    audience: SignOff.Audience
    route: str
    said: SignOff | None
    when: str
    form: SignOffForm | None
    blocked: str
    on_behalf: bool


def page(release: Release, actor: Actor, bound: dict[str, SignOffForm] | None = None) -> dict[str, Any]:
    """Everything demo.html shows; `bound` are forms that were sent with mistakes."""
    audiences = [A.MANAGERS] + ([A.CUSTOMERS] if release.product.customers_demo_required else [])
    panels = [panel(release, audience, actor, (bound or {}).get(audience)) for audience in audiences]
    said = release.signoffs.select_related("by").order_by("-id")
    return {
        "release": release,
        "headline": headline(release, panels),
        "panels": panels,
        "news": novelties(release, actor),
        "staging": of_kind(release.product, Environment.Kind.STAGING),
        "earlier": [(signoff, ago(signoff.at)) for signoff in said] if actor.is_team else [],
        "frame": "team.html" if actor.is_team else "portal.html",
    }


def panel(release: Release, audience: SignOff.Audience, actor: Actor, bound: SignOffForm | None) -> Panel:
    verb = f"sign_off_{audience}"
    said, blocked = signoffs.standing(release).get(audience), blocked_because(release, audience)
    form = (bound or SignOffForm(prefix=audience, initial=seen(release))) if actor.may(verb) and not blocked else None
    return Panel(
        audience=audience,
        route=f"releases:{verb}",
        said=said,
        when=ago(said.at) if said else "",
        form=form,
        blocked=blocked,
        on_behalf=audience == A.CUSTOMERS and actor.is_team,
    )


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
