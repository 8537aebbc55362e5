"""One row per gate: its evidence, who can open it by name, and what they press."""

from collections.abc import Collection
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from deployments import approval_rules, proofs
from deployments.cases import Case, Gate
from deployments.models import Rehearsal
from lifecycle import dates
from lifecycle.models import User
from lifecycle.roles import VERBS as ROLES
from lifecycle.roles import Actor
from releases.models import Release

VERBS = {
    "candidate": "freeze_release",
    "changes_approved": "give_verdict",
    "checklist_done": "give_verdict",
    "managers_demo": "sign_off_managers",
    "customers_demo": "sign_off_customers",
    "expand_proved": "configure",
    "backup_declared": "configure",
    "rollback_rehearsed": "deploy",
    "base_current": "freeze_release",
    "as_composed": "freeze_release",
    "no_freeze": "override_freeze",
}
BY_OUTSIDERS = ("changes_approved", "checklist_done", "managers_demo", "customers_demo")
LOOKS = dict.fromkeys(("managers_demo", "customers_demo"), gettext_lazy("See the demo"))
ACTIONS = {
    "candidate": gettext_lazy("Open the plan"),
    "changes_approved": gettext_lazy("Test it"),
    "checklist_done": gettext_lazy("Go through it"),
    "check_passed": gettext_lazy("See the tests"),
    "expand_proved": gettext_lazy("See the tests"),
    "managers_demo": gettext_lazy("Record their answer"),
    "customers_demo": gettext_lazy("Record their answer"),
    "base_current": gettext_lazy("Freeze it again"),
    "as_composed": gettext_lazy("Put it together again"),
    "no_freeze": gettext_lazy("Look at the freeze"),
    "approvals": gettext_lazy("Answer now"),
}
SHOWN = 3


@dataclass(frozen=True)
class Row:
    """One gate on the page; `people` can open it, `is_mine`: also this person; `reminds`: whom the button asks."""

    gate: Gate
    is_mine: bool
    action: str
    url: str
    since: str
    people: list[User]
    who: str
    reminds: str = ""
    unseen: str = ""
    may_accept: bool = False


def row(gate: Gate, case: Case | None, release: Release, actor: Actor, to_accept: Collection[str] = ()) -> Row:
    people = people_for(gate, case) if case else []
    is_mine, url = is_my_move(gate, people, actor), leads_to(release, gate, people, case, actor)
    action = ACTIONS if is_mine else {**ACTIONS, **LOOKS}
    others = [person for person in people if person != actor.user]
    may_remind = not gate.is_open and not is_mine and bool(others) and release.is_frozen
    return Row(
        gate=gate,
        is_mine=is_mine,
        action=str(action[gate.key]) if gate.key in ACTIONS and url else "",
        url=url,
        since=f"{dates.day(gate.since)}, {dates.clock(gate.since)}" if gate.since else "",
        people=people[:SHOWN],
        who=names(people, actor) or gate.who,
        reminds=remind_words(others) if may_remind else "",
        unseen=unseen(others, case) if case and gate.key == "approvals" and not gate.is_open else "",
        may_accept=gate.key in to_accept and not gate.is_open,
    )


def people_for(gate: Gate, case: Case) -> list[User]:
    """Everybody whose move could open it, by name; nobody for what a worker does."""
    if gate.key == "approvals":
        needed = approval_rules.still_needed(case.rule, case.words)
        return approval_rules.able(case.people, needed, case.words) if needed else []
    verb = VERBS.get(gate.key, "")
    if gate.key == proofs.REHEARSED:
        failed = case.rehearsal is not None and case.rehearsal.status == Rehearsal.Status.FAILED
        verb = "configure" if case.impossible else ("deploy" if failed else "")
    if gate.key == proofs.EXPANDED and not proofs.could_not_run(case.check("expand")):
        verb = ""
    roles = ROLES[verb] if verb else frozenset()
    able = [voter.user for voter in case.people.voters.values() if voter.roles & roles]
    is_word = gate.key in BY_OUTSIDERS
    return [user for user in able if not is_word or case.people.may_test(user.pk)]


def is_my_move(gate: Gate, people: list[User], actor: Actor) -> bool:
    if gate.key == "approvals" or gate.key in BY_OUTSIDERS:
        return actor.user in people or (gate.key in BY_OUTSIDERS and not people and actor.may(VERBS[gate.key]))
    verb = VERBS.get(gate.key)
    return bool(verb and actor.may(verb))


def leads_to(release: Release, gate: Gate, people: list[User], case: Case | None, actor: Actor) -> str:
    """The page of a gate, as far as this person may open it; "" where there is none for them."""
    if gate.key == "approvals":
        has_a_say = actor.user in people or bool(case and actor.roles & set(case.rule))
        return reverse("deployments:approve", args=[release.version]) if has_a_say else ""
    is_freeze = gate.url == reverse("deployments:override_freeze", args=[release.version])
    if is_freeze and not actor.may("override_freeze"):
        return reverse("environments:freeze")
    return gate.url


def names(people: list[User], actor: Actor) -> str:
    """ "you", "Max", "Max, Mia and 2 more"."""
    mine_first = sorted(people, key=lambda person: person != actor.user)
    shown = [_("you") if person == actor.user else person.get_short_name() for person in mine_first[:SHOWN]]
    more = len(people) - len(shown)
    return ", ".join(shown) + (_(" and %(n)d more") % {"n": more} if more else "")


def remind_words(others: list[User]) -> str:
    if len(others) == 1:
        return _("Remind %(who)s") % {"who": others[0].get_short_name()}
    return ngettext("Remind %(n)d person", "Remind %(n)d people", len(others)) % {"n": len(others)}


def unseen(others: list[User], case: Case) -> str:
    """Who was asked and has not opened the sheet yet."""
    asked = [row for row in case.file.requests if row.digest == case.candidate.digest]
    blind = [
        row.person_id for row in asked if row.seen_at is None and row.config_version == case.production.config_version
    ]
    found = [person.get_short_name() for person in others if person.pk in blind]
    if not found:
        return ""
    text = ngettext("%(who)s has not opened the sheet yet.", "%(who)s have not opened the sheet yet.", len(found))
    return text % {"who": ", ".join(found)}
