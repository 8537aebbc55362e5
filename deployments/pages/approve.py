"""The manager's sheet: what customers get, what could go wrong, who has said yes, and the answer."""

from typing import Any, NamedTuple

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployments import approval_rules, approvals, gates, proofs, running
from deployments.names import destination
from deployments.pages import cockpit
from ideas.models import Idea
from lifecycle import dates
from lifecycle.models import User
from lifecycle.roles import Actor
from releases.models import Approval, Release, SignOff, Verdict


class Yes(NamedTuple):
    """One line of "who has said yes"; `state`: yes, no or wait."""

    who: str
    words: str
    state: str


def sheet(release: Release, actor: Actor) -> dict[str, Any]:
    """Everything on the sheet for this person."""
    shut = gates.missing(release)
    mine = word_of(release, actor.user)
    earlier = [gate for gate in shut if gate.key not in approvals.LATER]
    able = actor.user in approvals.who_can_approve(release)
    ideas = list(Idea.objects.filter(changes__candidate_rows__candidate=release.candidate_id).distinct())
    may_answer = release.status == Release.Status.FROZEN and not earlier and able and mine is None
    return {
        "release": release,
        "headline": headline(release, earlier, mine, shut),
        "lede": lede(release),
        "mine": mine,
        "may_answer": may_answer,
        "is_my_turn_later": bool(earlier) and able and mine is None,
        "why_not": "" if may_answer else why_not(release, earlier, mine, able),
        "gets": [idea.title for idea in ideas],
        "asked": asked(ideas),
        "risks": cockpit.risks(release),
        "way_back": cockpit.way_back(release, place) if (place := running.production(release.product)) else [],
        "yeses": yeses(release, mine, may_answer),
        "after": after(release) if release.status == Release.Status.FROZEN else "",
        "may_withdraw": mine is not None and release.status == Release.Status.FROZEN and bool(shut),
        "pending": cockpit.on_its_way(release),
    }


def word_of(release: Release, user: User | None) -> Approval | None:
    """What this person has said about this very digest."""
    place = running.production(release.product)
    if place is None or release.candidate is None:
        return None
    given = approval_rules.counted(release, release.candidate, place)
    return next((word for word in given if word.by_id == getattr(user, "pk", None)), None)


def headline(release: Release, earlier: list[gates.Gate], mine: Approval | None, shut: list[gates.Gate]) -> str:
    if release.status in (Release.Status.LIVE, Release.Status.DONE):
        return _("%(version)s is live") % {"version": release}
    if release.status != Release.Status.FROZEN:
        return _("%(version)s is not up for approval") % {"version": release}
    if mine is not None:
        return _("You said yes") if mine.outcome == Approval.Outcome.YES else _("You said: not yet")
    if earlier:
        count = len(earlier)
        return ngettext("%(n)d gate before yours is shut", "%(n)d gates before yours are shut", count) % {"n": count}
    return _("Only your yes is missing") if shut else _("Nothing is missing any more")


def lede(release: Release) -> str:
    if release.status != Release.Status.FROZEN:
        return ""
    place = running.production(release.product)
    current = running.current(place) if place else None
    words = [_("It goes live with the last yes.")]
    if what := proofs.one_way(release):
        return " ".join([*words, proofs.no_way_back(what)])
    if current is not None:
        words.append(
            _("If something breaks, it goes back to %(version)s.") % {"version": destination(current.candidate)}
        )
    return " ".join(words)


def why_not(release: Release, earlier: list[gates.Gate], mine: Approval | None, able: bool) -> str:
    if release.status != Release.Status.FROZEN:
        return _("The release is “%(status)s”.") % {"status": release.get_status_display()}
    if mine is not None:
        return _("Your answer counts for this build. A new build asks you again.")
    if not able:
        return _("Somebody else has to approve it: you built or planned a part, or it is decided already.")
    return _("First: %(gates)s") % {"gates": ", ".join(gate.label for gate in earlier)} if earlier else ""


def asked(ideas: list[Idea]) -> str:
    votes = Idea.objects.filter(pk__in=[idea.pk for idea in ideas]).aggregate(votes=Sum("votes"))["votes"] or 0
    return ngettext("%(n)d person asked for this.", "%(n)d people asked for these.", votes) % {"n": votes}


def yeses(release: Release, mine: Approval | None, may_answer: bool) -> list[Yes]:
    """Testers, those who saw the demo, the managers so far, and you."""
    if release.candidate is None:
        return []
    found = [*testers(release), *demos(release), *managers(release)]
    return [*found, Yes(_("You"), _("your answer is missing"), "you")] if may_answer and mine is None else found


def testers(release: Release) -> list[Yes]:
    given = Verdict.objects.filter(digest=release.candidate.digest, outcome=Verdict.Outcome.APPROVED)
    names = sorted({str(verdict.by) for verdict in given.select_related("by")})
    if not names:
        return []
    count = given.values("change").distinct().count()
    text = ngettext("%(names)s, %(n)d change", "%(names)s, %(n)d changes", count)
    return [Yes(_("Testers"), text % {"names": ", ".join(names), "n": count}, "yes")]


def demos(release: Release) -> list[Yes]:
    rows = release.signoffs.filter(digest=release.candidate.digest).select_related("by").order_by("at")
    newest = {word.audience: word for word in rows}
    return [
        Yes(
            str(word.get_audience_display()),
            said(word.words, word.by, word.get_outcome_display()),
            "yes" if word.outcome == SignOff.Outcome.YES else "no",
        )
        for word in newest.values()
    ]


def managers(release: Release) -> list[Yes]:
    place = running.production(release.product)
    rows = approval_rules.counted(release, release.candidate, place) if place else []
    return [
        Yes(
            _("%(who)s (own work)") % {"who": word.by} if word.is_own_work else str(word.by),
            said(word.words, f"{dates.day(word.at)}, {dates.clock(word.at)}", word.get_outcome_display()),
            "yes" if word.outcome == Approval.Outcome.YES else "no",
        )
        for word in rows
    ]


def said(words: str, who: object, outcome: object) -> str:
    return f"{who}: “{words}”" if words else f"{who}: {outcome}"


def after(release: Release) -> str:
    """What follows from a yes, with the length of the watch said plainly."""
    minutes = release.product.watch_minutes
    length = (
        ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
        if minutes >= 120
        else ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    )
    return _("It is deployed at once, then watched for %(length)s, and you are told when they are over.") % {
        "length": length
    }
