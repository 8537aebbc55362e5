"""The manager's sheet: what customers get, what could go wrong, who has said yes, when it goes, and the answer.

In plain words and short: it fits two screens of a phone.
"""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from deployments import approval_rules, approvals, case_files, gates, times
from deployments.case_files import CaseFile
from deployments.cases import Case, Gate
from deployments.models import Rehearsal
from deployments.names import destination
from deployments.pages import cockpit, cockpit_facts, said_yes
from environments import freezes
from environments.models import Environment
from ideas.models import Idea, Vote
from lifecycle.models import User
from lifecycle.roles import Actor
from releases.models import Approval, Release

GETS, RISKS = 4, 3


def sheet(release: Release, actor: Actor) -> dict[str, Any]:
    """Everything on the sheet for this person."""
    file = case_files.read(release)
    case, production = gates.case_of(file), file.place(Environment.Kind.PRODUCTION)
    shut = [gate for gate in gates.of(file) if not gate.is_open]
    earlier = [gate for gate in shut if gate.key not in approvals.LATER]
    mine, is_able = word_of(case, actor.user), actor.user in cockpit.able(case)
    is_asked = release.is_frozen or approvals.is_reconfigured(release, production)
    may_answer = is_asked and (not earlier or not release.is_frozen) and is_able and mine is None
    pending = cockpit.on_its_way(file, production)
    return {
        "release": release,
        "headline": headline(release, earlier, mine, shut, may_answer),
        "lede": lede(file, case),
        "mine": mine,
        "may_answer": may_answer,
        "is_my_turn_later": release.is_frozen and bool(earlier) and is_able and mine is None,
        "why_not": "" if may_answer else why_not(release, earlier, mine, is_able),
        **what_for_whom(release),
        **could_go_wrong(file, case, production),
        "yeses": said_yes.yeses(case, shown_to=actor.user if may_answer else None),
        "after": after(file, case) if release.is_frozen else "",
        "may_withdraw": mine is not None and release.is_frozen and not (pending and pending.is_active),
        "pending": pending,
        "glass": case.glass if case else None,
        "glass_by": gates.broken_by(case.glass) if case and case.glass else "",
    }


def word_of(case: Case | None, user: User | None) -> Approval | None:
    """What this person has said about this very digest."""
    found = case.words if case else []
    return next((word for word in found if user is not None and word.by_id == user.pk), None)


def headline(release: Release, earlier: list[Gate], mine: Approval | None, shut: list[Gate], may_answer: bool) -> str:
    if release.status in (Release.Status.LIVE, Release.Status.DONE):
        if may_answer:
            return _("Only your yes to the new configuration is missing")
        return _("%(version)s is live") % {"version": release}
    if release.status != Release.Status.FROZEN:
        return _("%(version)s is not up for approval") % {"version": release}
    if mine is not None:
        return _("You said yes") if mine.outcome == Approval.Outcome.YES else _("You said: not yet")
    if earlier:
        count = len(earlier)
        return ngettext("%(n)d gate before yours is shut", "%(n)d gates before yours are shut", count) % {"n": count}
    return _("Only your yes is missing") if shut else _("Nothing is missing any more")


def lede(file: CaseFile, case: Case | None) -> str:
    """When it goes live, and how one would come back."""
    if not file.release.is_frozen:
        return ""
    begins = cockpit.goes_at(file)
    words = [_("It goes live %(time)s.") % {"time": begins} if begins else _("It goes live with the last yes.")]
    if case is None or case.target is None:
        return words[0]
    if case.impossible:
        return " ".join([*words, case.impossible])
    return " ".join([*words, way_back(case)])


def way_back(case: Case) -> str:
    found, facts = case.rehearsal, {"version": destination(case.target)}
    if found is None or found.status != Rehearsal.Status.SUCCEEDED or found.back_seconds is None:
        return _("If something breaks, it goes back to %(version)s.") % facts
    count = max(1, round(found.back_seconds))
    text = ngettext(
        "If something breaks, it is back on %(version)s in %(n)d second, as rehearsed.",
        "If something breaks, it is back on %(version)s in %(n)d seconds, as rehearsed.",
        count,
    )
    return text % {**facts, "n": count}


def why_not(release: Release, earlier: list[Gate], mine: Approval | None, able: bool) -> str:
    if release.status != Release.Status.FROZEN:
        return _("The release is “%(status)s”.") % {"status": release.get_status_display()}
    if mine is not None:
        return _("Your answer counts for this build. A new build asks you again.")
    if not able:
        return _("Somebody else has to approve it: you built or planned a part, or it is decided already.")
    return _("First: %(gates)s") % {"gates": ", ".join(gate.label for gate in earlier)} if earlier else ""


def what_for_whom(release: Release) -> dict[str, Any]:
    """The ideas that most people asked for, how many smaller ones there are, and how many people that is."""
    rows = Idea.objects.filter(changes__candidate_rows__candidate=release.candidate_id).distinct()
    ideas = list(rows.order_by("-votes", "number")) if release.candidate_id else []
    more, voters = len(ideas) - GETS, people_for(ideas)
    smaller = ngettext("and %(n)d smaller one", "and %(n)d smaller ones", more) % {"n": more} if more > 0 else ""
    asked = ngettext("%(n)d person asked for this", "%(n)d people asked for these", voters) % {"n": voters}
    return {"gets": [idea.title for idea in ideas[:GETS]], "smaller": smaller, "asked": asked}


def people_for(ideas: list[Idea]) -> int:
    """How many different people voted for these, or for an idea that was merged into one of them."""
    cast = Vote.objects.filter(Q(idea__in=ideas) | Q(idea__canonical__in=ideas))
    return cast.values("user").distinct().count() if ideas else 0


def could_go_wrong(file: CaseFile, case: Case | None, production: Environment | None) -> dict[str, Any]:
    """What the plan says, migrations, whether a backup was ever restored, and freezes; the worst first."""
    said = [("triangle-alert", "", file.release.risk.strip())] if file.release.risk.strip() else []
    found = cockpit_facts.risks(case)
    bad = [one for one in found if one[1] == "bad"]
    risks = [*bad, *said, *(one for one in found if one not in bad)]
    more = len(risks) - RISKS
    text = ngettext("and %(n)d more", "and %(n)d more", more) % {"n": more}
    calendar = [("snowflake", "", words)] if (words := freeze_words(file)) else []
    back = cockpit_facts.way_back(case, production)
    return {"risks": risks[:RISKS], "more_risks": text if more > 0 else "", "way_back": [*back[-1:], *calendar]}


def freeze_words(file: CaseFile) -> str:
    """The freeze in force, or the next one."""
    if file.freezes:
        window = file.freezes[-1]
        facts = {"end": times.words(window.ends_at), "why": window.reason}
        return _("Freeze until %(end)s: %(why)s") % facts
    coming = freezes.coming(file.release.product, at=file.at).order_by("starts_at").first()
    if coming is None:
        return _("No freeze is planned")
    return _("No freeze now; the next one begins %(begin)s") % {"begin": times.words(coming.starts_at)}


def after(file: CaseFile, case: Case | None) -> str:
    """What follows from a yes, with the length of the watch said plainly."""
    begins, others = cockpit.goes_at(file), others_missing(case)
    watched = _("Then it is watched for %(length)s, and you are told when that is over.") % {
        "length": length(file.release.product.watch_minutes)
    }
    if begins:
        first = _("Nothing happens before %(time)s; until then you can take it back.") % {"time": begins}
    elif others:
        text = ngettext("It waits for %(n)d more yes, then it is deployed.", "It waits for %(n)d more yeses.", others)
        first = text % {"n": others}
    else:
        first = _("It is deployed at once.")
    return f"{first} {watched}"


def others_missing(case: Case | None) -> int:
    """How many yeses are missing beside that of whoever reads this."""
    needed = approval_rules.still_needed(case.rule, case.words) if case else {}
    return max(0, sum(needed.values()) - 1)


def length(minutes: int) -> str:
    if minutes >= 120:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
