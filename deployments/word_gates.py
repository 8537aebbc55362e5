"""The gates that people open by their word: testers, those who saw the demo, management.

In strict products the word of whoever has a hand in the release is not one.
"""

from dataclasses import replace

from django.urls import reverse
from django.utils.translation import gettext as _

from deployments.approval_rules import still_needed, summary
from deployments.cases import Case, Gate
from lifecycle.models import Role, User
from lifecycle.roles import VERBS
from releases import signoffs, verdicts
from releases.models import Approval, SignOff, Verdict


def changes_approved(case: Case) -> Gate:
    said = {pk: verdict for pk, verdict in case.verdicts.items() if case.people.may_test(verdict.by_id)}
    given = [verdict for verdict in said.values() if verdict.outcome == Verdict.Outcome.APPROVED]
    facts = {"approved": len(given), "all": len(case.rows)}
    evidence = _("%(approved)d of %(all)d changes approved on this digest") % facts
    is_open = verdicts.are_yes(case.rows, said)
    return Gate(
        "changes_approved",
        _("Every change approved by a tester"),
        is_open,
        evidence,
        _("Tester"),
        reverse("releases:testing"),
        max((verdict.at for verdict in given), default=None),
    )


def managers_demo(case: Case) -> Gate:
    return _demo(case, SignOff.Audience.MANAGERS, "managers_demo", _("Shown to managers"), _("Manager"))


def customers_demo(case: Case) -> Gate | None:
    if not case.release.product.customers_demo_required:
        return None
    who = _("Product owner, or the host of the session")
    gate = _demo(case, SignOff.Audience.CUSTOMERS, "customers_demo", _("Shown to customers"), who)
    if gate.is_open or not case.people.is_strict:
        return gate
    owners, hosts = (_able(case, verb) for verb in (signoffs.FOR_CUSTOMERS, signoffs.HOSTS))
    other = signoffs.way_out(owners, hosts, case.people.involved)
    return replace(gate, evidence=f"{gate.evidence} {other}".strip())


def _able(case: Case, verb: str) -> list[User]:
    """Whose roles allow this, of those who were read already."""
    return [voter.user for voter in case.people.voters.values() if voter.roles & VERBS[verb]]


def _demo(case: Case, audience: str, key: str, label: str, who: str) -> Gate:
    word = case.signoffs.get(audience)
    evidence = _("Not shown yet.")
    if word:
        evidence = _("%(who)s: %(outcome)s") % {"who": word.by, "outcome": word.get_outcome_display()}
    counts = bool(word and case.people.may_test(word.by_id))
    if word and not counts:
        evidence = _("%(who)s built or planned a part of it: somebody else must say it.") % {"who": word.by}
    url = reverse("releases:demo", args=[case.release.version])
    is_open = bool(word and word.outcome == SignOff.Outcome.YES and counts)
    return Gate(key, label, is_open, evidence, who, url, word.at if word else None)


def approvals(case: Case) -> Gate:
    words, needed = case.words, still_needed(case.rule, case.words)
    refused = [word for word in words if word.outcome == Approval.Outcome.NO]
    return Gate(
        "approvals",
        _("Approved by management"),
        not needed and not refused,
        " ".join(filter(None, [summary(words, needed), *_not_counted(case), _strangers(case)])),
        ", ".join(str(Role(role).label) for role in case.rule),
        reverse("deployments:approve", args=[case.release.version]),
        words[-1].at if words else None,
    )


def _not_counted(case: Case) -> list[str]:
    """Whose word does not count any more, and why."""
    void = [word for word in case.given if word not in case.words]
    text = _("%(who)s does not count: %(why)s.")
    return [
        text % {"who": word.by, "why": case.people.why_not(word.by_id, word.role, for_person=word.for_person_id)}
        for word in void
    ]


def _strangers(case: Case) -> str:
    """In strict products: who wrote commits in it under an address that nobody here has proved."""
    unknown = case.people.involved.strangers if case.people.is_strict else ()
    return _("Nobody here is known as: %(names)s.") % {"names": ", ".join(unknown)} if unknown else ""
