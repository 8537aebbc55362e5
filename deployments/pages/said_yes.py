"""Who has said yes to a build: its tests, the testers, those who saw it, the managers so far, and you."""

from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployments import approval_rules
from deployments.cases import Case
from lifecycle import dates
from lifecycle.models import Role, User
from releases.models import Approval, Check, SignOff


class Yes(NamedTuple):
    """One line of "who has said yes"; `state`: yes, no, wait or you."""

    who: str
    words: str
    state: str


def yeses(case: Case | None, *, shown_to: User | None) -> list[Yes]:
    """`shown_to`: whose answer is asked for now."""
    if case is None:
        return []
    found = [*tests(case), *testers(case), *demos(case), *managers(case)]
    return [*found, Yes(_("You"), your_part(case, shown_to), "you")] if shown_to else found


def tests(case: Case) -> list[Yes]:
    check = case.check(Check.Kind.TESTS)
    if check is None:
        return []
    passed = check.status == Check.Status.PASSED
    return [Yes(_("Tested together"), (check.summary if passed else "") or check.verdict, "yes" if passed else "no")]


def testers(case: Case) -> list[Yes]:
    given = [verdict for verdict in case.verdicts.values() if verdict.is_yes]
    names = sorted({str(verdict.by) for verdict in given})
    if not names:
        return []
    text = ngettext("%(names)s, %(n)d change", "%(names)s, %(n)d changes", len(given))
    return [Yes(_("Testers"), text % {"names": ", ".join(names), "n": len(given)}, "yes")]


def demos(case: Case) -> list[Yes]:
    return [
        Yes(
            str(word.get_audience_display()),
            said(word.words, word.by, word.get_outcome_display()),
            "yes" if word.outcome == SignOff.Outcome.YES else "no",
        )
        for word in case.signoffs.values()
    ]


def managers(case: Case) -> list[Yes]:
    return [
        Yes(
            name_of(word),
            said(word.words, f"{dates.day(word.at)}, {dates.clock(word.at)}", word.get_outcome_display()),
            "yes" if word.outcome == Approval.Outcome.YES else "no",
        )
        for word in case.words
    ]


def name_of(word: Approval) -> str:
    name = str(word.by)
    if word.for_person_id is not None:
        name = _("%(who)s for %(whom)s") % {"who": word.by, "whom": word.for_person}
    return _("%(who)s (own work)") % {"who": name} if word.is_own_work else name


def your_part(case: Case, user: User) -> str:
    """ "your answer is missing", and as what one speaks where more than one yes is asked for."""
    needed = approval_rules.still_needed(case.rule, case.words)
    capacity = case.people.capacity(user.pk, needed, approval_rules.spoken(case.words))
    if capacity and capacity[1] is not None:
        return _("your answer for %(who)s is missing") % {"who": case.people.voters[capacity[1]].user}
    number = case.rule.get(capacity[0], 1) if capacity else 1
    if capacity and number > 1:
        facts = {"role": Role(capacity[0]).label, "nth": number - needed[capacity[0]] + 1, "of": number}
        return _("your answer is missing: %(role)s, %(nth)d of %(of)d") % facts
    return _("your answer is missing")


def said(words: str, who: object, outcome: object) -> str:
    return f"{who}: “{words}”" if words else f"{who}: {outcome}"
