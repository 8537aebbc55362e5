"""What place.html shows: one environment, what is recorded, what really answers, and what a worker does about it."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from deployments import creating, declared, promotion, reality, running, targets, test_data
from deployments.environment_forms import DriverForm
from deployments.models import Deployment
from deployments.names import name
from deployments.pages import standing
from deployments.pages.board import runs
from environments import host_keys, places, stops
from environments.models import Environment
from environments.pages import promotion as promotion_page
from environments.pages.settings import frame
from environments.pages.words import moment
from lifecycle import live_log
from lifecycle.dates import ago
from lifecycle.models import Work
from lifecycle.roles import Actor
from lifecycle.transitions import NotAllowed

KINDS = (creating.CREATE, creating.DESTROY, test_data.RESTORE, test_data.SCRUB)
OVER = (Work.Status.SUCCEEDED, Work.Status.FAILED, Work.Status.ERRORED)


@dataclass(frozen=True)
class Answer:
    """What was heard when the environment was last asked; `state` is ok, bad, none or unknown."""

    state: str
    words: str
    when: str


def place(environment: Environment, actor: Actor) -> dict[str, Any]:
    """The whole page."""
    current = running.current(environment)
    found = {
        **frame(environment),
        "current": current,
        "recorded": running.release_id(current.candidate) if current else "",
        "headline": headline(environment, current),
        "answer": answer(environment, current),
        "times": promotion_page.times(environment),
        "before": places.before(environment),
        "can_promote": can_promote(environment) if actor.may("deploy") and not environment.is_leaving else None,
        "may_change": actor.may("configure") and not environment.is_leaving,
        "why_it_stays": why_it_stays(environment),
        "needs_a_way_out": environment.is_contradicted or environment.state == Environment.State.UNSURE,
        "notes": standing.keeping_away(environment),
        "test_data": test_data.offered(environment),
        "test_data_name": test_data.name_of(environment),
        "test_data_held": test_data.held(environment),
        "test_data_at": moment(environment.test_data_at) if environment.test_data_at else "",
        "driver_form": DriverForm(initial={name: getattr(environment, name) for name in DriverForm.base_fields}),
        "servers": host_keys.of(environment),
    }
    return found | work(environment)


def headline(environment: Environment, current: Deployment | None) -> str:
    """The verdict."""
    facts = {"place": environment, "release": runs(current), "status": environment.get_status_display()}
    if not environment.is_ready:
        return _("%(place)s: %(status)s") % facts
    if environment.state == Environment.State.UNSURE:
        return _("Nobody is sure what %(place)s runs") % facts
    if environment.is_contradicted:
        return _("%(place)s does not run what is recorded") % facts
    return _("%(place)s runs %(release)s") % facts if current else _("Nothing runs on %(place)s yet") % facts


def why_it_stays(environment: Environment) -> str:
    """Why nobody may destroy it; "" if somebody may."""
    try:
        creating.require_dispensable(environment)
    except NotAllowed as reason:
        return str(reason)
    return _("It is being destroyed.") if environment.is_leaving else ""


def answer(environment: Environment, current: Deployment | None) -> Answer:
    """What the environment itself said it runs."""
    when = ago(environment.probed_at) if environment.probed_at else ""
    if current is None:
        return Answer("none", _("Nothing was deployed yet."), "")
    if not targets.can_verify(environment, current.candidate):
        return Answer("unknown", _("Cannot verify: lifecycle.toml has no [probe]."), "")
    if not when or environment.probe_note:
        return Answer("unknown", _(environment.probe_note or reality.NOT_YET), when)
    said = environment.probed_release or _("Nothing runs")
    if environment.is_contradicted:
        return Answer("bad", said, when)
    return Answer("ok" if said == running.release_id(current.candidate) else "unknown", said, when)


def can_promote(environment: Environment) -> tuple[str, str]:
    """What the button would deploy, or "" and the reason why there is none."""
    try:
        candidate, source = promotion.require_worth_it(environment)
    except NotAllowed as reason:
        return "", str(reason)
    return _("Deploy %(candidate)s from %(place)s") % {"candidate": name(candidate), "place": source}, ""


def work(environment: Environment, after: int = 0) -> dict[str, Any]:
    """The log of the last command that a worker ran for this environment itself."""
    last = declared.newest(environment, *KINDS)
    if last is None:
        return {"work": None}
    path = reverse("deployments:place_log", args=[environment.slug])
    log = live_log.page(last, path, after, is_over=last.status in OVER)
    why = stops.why_it_waits(environment.product) if last.status not in OVER else ""
    return {"work": last, "work_title": title(last, why), "work_waits": why, **log}


def title(work: Work, why_it_waits: str) -> str:
    names = {
        creating.CREATE: _("Creating it"),
        creating.DESTROY: _("Taking it down"),
        test_data.RESTORE: _("Restoring the test data"),
        test_data.SCRUB: _("Copying and scrubbing data"),
    }
    state = _("Waiting") if why_it_waits else work.get_status_display()
    return f"{names[work.kind]}: {state}"


def going(environment: Environment) -> dict[str, Any]:
    """The question before an environment is taken down, or why it stays."""
    page = {
        "id": "destroy",
        "crumb": environment.name,
        "no": _("Leave it as it is"),
        "back": reverse("deployments:place", args=[environment.slug]),
    }
    if why := why_it_stays(environment):
        return {**page, "title": _("%(place)s stays") % {"place": environment}, "text": why}
    return page | {
        "title": _("Destroy %(place)s?") % {"place": environment},
        "text": _("Its history stays; what runs there and its data do not."),
        "facts": [
            ("terminal", "", _("The destroy command of lifecycle.toml runs, if there is one.")),
            ("clock", "", _("What waits for it is cancelled.")),
            ("key-round", "", _("Type %(slug)s to show that you mean it.") % {"slug": environment.slug}),
        ],
        "action": reverse("deployments:destroy", args=[environment.slug]),
        "danger": True,
        "yes": _("Destroy %(place)s") % {"place": environment},
    }
