"""The line in front of an environment: how much waits, the button that moves it, or why it does not move."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from deployments import gates, promotion, waiting
from deployments.names import name
from environments import places
from environments.models import Environment
from environments.pages.promotion import times
from lifecycle.roles import Actor, who_may
from lifecycle.transitions import NotAllowed
from releases.models import Release


@dataclass(frozen=True)
class Between:
    """`url` is where the button leads: a page, the page behind `dialog`, or (`posts`) the act itself.

    `by_itself` is when that happens without anybody, or why it did not.
    """

    count: str
    words: str
    action: str = ""
    url: str = ""
    dialog: str = ""
    posts: bool = False
    why_not: str = ""
    delta_url: str = ""
    key: str = ""
    by_itself: str = ""


def between(before: Environment, after: Environment, ready: int, frozen: Release | None, actor: Actor) -> Between:
    """What may move from one environment to the next; `ready` changes wait for a composition."""
    delta = reverse("deployments:delta", args=[after.slug, before.slug])
    if after.is_production:
        return to_production(frozen, delta)
    if places.takes_compositions(after):
        return composition(after, ready, actor, delta)
    return verified(after, actor, delta)


def composition(after: Environment, ready: int, actor: Actor, delta: str) -> Between:
    """Everything that is ready becomes one composition."""
    may = actor.may("promote")
    return Between(
        count=str(ready),
        words=ngettext("ready", "ready", ready),
        action=_("Promote"),
        url=reverse("deployments:promote") if may else "",
        dialog="promote",
        why_not=waiting.refusal(after, actor) if may else who_may("promote"),
        delta_url=delta,
        key="promote",
        by_itself=at_set_times(after),
    )


def at_set_times(after: Environment) -> str:
    """ "Next on Friday, 09:00", or that it is asked again each minute; "" for another rule."""
    found = times(after)
    if found is None:
        return ""
    if found.asks_again:
        return _("Its time has come; asked again each minute")
    return _("Next on %(when)s") % {"when": found.next}


def verified(after: Environment, actor: Actor, delta: str) -> Between:
    """What the environment before it runs, verified, moves on as it is."""
    if after.promotion == Environment.Promotion.AUTOMATIC:
        return Between("", _("follows by itself"), delta_url=delta)
    why_not, what = "", ""
    try:
        what = name(promotion.require_worth_it(after)[0])
    except NotAllowed as reason:
        why_not = str(reason)
    if not actor.may("deploy"):
        why_not = who_may("deploy")
    return Between(
        count="",
        words=what,
        action=_("Promote"),
        url=reverse("deployments:promote_to", args=[after.slug]),
        posts=True,
        why_not=why_not,
        delta_url=delta,
        key=after.slug,
        by_itself=at_set_times(after),
    )


def to_production(frozen: Release | None, delta: str) -> Between:
    if frozen is None:
        return Between("", _("No release is frozen"), delta_url=delta)
    all_gates = gates.gates(frozen)
    shut = [gate for gate in all_gates if not gate.is_open]
    counts = {"open": len(all_gates) - len(shut), "all": len(all_gates)}
    return Between(
        count=_("%(open)s of %(all)s") % counts,
        words=_("gates open"),
        action=pgettext("button", "Release"),
        url=reverse("deployments:cockpit", args=[frozen.version]),
        why_not=_("Waits for: %(gate)s") % {"gate": shut[0].label} if shut else "",
        delta_url=delta,
        key="release",
    )
