"""The page behind an invitation's link: what is new, what to try, and one of three about each change."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from environments import access
from environments.models import Environment
from environments.queries import of_kind
from ideas.models import Idea
from lifecycle.dates import weekday
from lifecycle.roles import actor_for
from lifecycle.transitions import NotAllowed
from releases import candidates, demo_answers, demo_ideas, invitations, steps
from releases.demo_forms import OpinionForm
from releases.models import Demo, DemoAnswer, Invitation

FACES = {
    DemoAnswer.Outcome.ACCEPT: ("smile", "yes"),
    DemoAnswer.Outcome.NOTE: ("meh", "part"),
    DemoAnswer.Outcome.NO: ("frown", "no"),
}
Forms = dict[int, OpinionForm]


@dataclass(frozen=True)
class Face:
    """One of the three answers."""

    value: str
    label: str
    icon: str
    css: str


@dataclass(frozen=True)
class Part:
    """One change as this person sees it: title and text in a customer's words, and what they said before."""

    number: int
    title: str
    text: str
    language: str
    steps: list[str]
    form: OpinionForm
    given: DemoAnswer | None
    earlier: DemoAnswer | None


def page(invitation: Invitation, bound: Forms | None = None) -> dict[str, Any]:
    """Everything preview.html shows; `bound` are forms that were sent with mistakes."""
    demo = invitation.demo
    waits = why_not(demo)
    parts = parts_of(invitation, bound or {})
    return {
        "showing": demo,
        "demo": False,  # no bar of the demo's cast: its forms would send no referrer
        "here": invitations.link(invitation),
        "release": demo.release,
        "who": invitation.user,
        "headline": headline(demo, waits, parts),
        "parts": parts,
        "digest": digest_of(demo),
        "takes_answers": not waits,
        "waits": waits,
        "has_answered": any(part.given for part in parts),
        "asks_anew": not waits and any(part.earlier and not part.given for part in parts),
        "when": invitations.moment(demo.starts_at),
        "faces": [Face(one.value, str(one.label), *FACES[one]) for one in DemoAnswer.Outcome],
        "try_url": f"{invitations.link(invitation)}open/" if not waits and staging_of(demo) else "",
    }


def staging_of(demo: Demo) -> Environment | None:
    """Where it can be tried, if it has an address."""
    found = of_kind(demo.release.product, Environment.Kind.STAGING)
    return found if found and found.url else None


def staging_address(demo: Demo) -> str:
    """Where an invited person is sent to try it now; "" while nothing is shown or there is no such place."""
    staging, runs = staging_of(demo), candidates.on_staging(demo.release.product)
    if staging is None or why_not(demo):
        return ""
    return access.address(staging, runs.manifest if runs else "")


def digest_of(demo: Demo) -> str:
    return demo.release.candidate.digest if demo.release.candidate else ""


def why_not(demo: Demo) -> str:
    """Why no answer is taken now, "" when it is. What the team sees as a reason is none of a customer's business."""
    try:
        demo_answers.require_open(demo)
    except NotAllowed:
        if demo.is_over:
            return _("The demo is closed: nothing can be changed any more.")
        return _("A new version is being prepared. Come back a little later.") if demo.is_open else _("Not open yet.")
    return ""


def parts_of(invitation: Invitation, bound: Forms) -> list[Part]:
    demo = invitation.demo
    shown = demo_ideas.shown_to(demo.release, actor_for(invitation.user, demo.release.product))
    given = {row.change_id: row for row in invitation.answers.order_by("id") if row.digest == digest_of(demo)}
    earlier = {row.change_id: row for row in invitation.answers.order_by("id") if row.digest != digest_of(demo)}
    return [
        part(one, bound.get(one.change.number), given.get(one.change.pk), earlier.get(one.change.pk)) for one in shown
    ]


def part(
    shown: demo_ideas.Shown, bound: OpinionForm | None, given: DemoAnswer | None, earlier: DemoAnswer | None
) -> Part:
    change, ideas = shown.change, shown.ideas
    said = {"outcome": given.outcome, "words": given.words} if given else {}
    return Part(
        number=change.number,
        title=" · ".join(idea.title for idea in ideas) or change.title,
        text=change.summary or told(ideas),
        language=ideas[0].language if ideas else "",
        steps=steps.of(change, ideas),
        form=bound or OpinionForm(prefix=prefix(change.number), initial=said),
        given=given,
        earlier=earlier,
    )


def told(ideas: list[Idea]) -> str:
    """What was asked for, where nobody has written what became of it."""
    return Truncator(" ".join(idea.body for idea in ideas)).chars(240)


def prefix(number: int) -> str:
    """Which change a field of the form is about."""
    return f"c{number}"


def headline(demo: Demo, waits: str, parts: list[Part]) -> str:
    """What is asked of the person, or why nothing is."""
    count = len(parts)
    if waits and not demo.is_planned:
        return _("Thank you for looking") if demo.is_over else _("Please wait a moment")
    if demo.is_planned:
        return ngettext("One thing is new: see it on %(day)s", "%(n)d things are new: see them on %(day)s", count) % {
            "n": count,
            "day": weekday(timezone.localtime(demo.starts_at)),
        }
    left = [part for part in parts if not part.given]
    if not left:
        return _("Thank you: you have said what you think")
    return ngettext("Try one thing before it is released", "Try %(n)d things before they are released", len(left)) % {
        "n": len(left)
    }


def refusal(invitation: Invitation) -> str:
    """Why what was sent was not kept."""
    return why_not(invitation.demo) or _("A newer version has come meanwhile. Look at it, then answer again.")


def problem(bound: Forms) -> str:
    """What is wrong with the answers as a whole; each change says the rest."""
    if any(form.errors for form in bound.values()):
        return _("Something is missing below; nothing was sent yet.")
    return _("Choose one of the three for at least one of them.")
