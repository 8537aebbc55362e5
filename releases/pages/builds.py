"""What a tester should know about the build on staging: whether it is there, and what is new since they looked."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from environments.holds import holder
from environments.models import Environment
from environments.queries import of_kind
from lifecycle.dates import ago, clock
from lifecycle.models import User
from lifecycle.roles import Actor
from releases import candidates, tries
from releases.models import Candidate, CandidateChange, Change, Revision, Verdict
from releases.weighing import rows_of

COMMITS_SHOWN = 12
NOT_ASKED = gettext_noop("It was not asked yet what runs there")
Action = CandidateChange.Action


@dataclass(frozen=True)
class Staging:
    """What staging runs and who holds it."""

    environment: Environment | None
    candidate: Candidate | None
    holder: User | None
    until: str
    left: str
    answers: "Answers | None"

    @property
    def is_empty(self) -> bool:
        return self.candidate is None


@dataclass(frozen=True)
class Answers:
    """Whether the recorded build is what answers at the address."""

    tone: str
    icon: str
    words: str


@dataclass(frozen=True)
class News:
    """What is different from what this tester tried last: commits, and what others changed in the same files."""

    build: str
    commits: list[str]
    rewritten: int
    others: list[str]


def staging_of(actor: Actor) -> Staging:
    environment, candidate = of_kind(actor.product, Environment.Kind.STAGING), candidates.on_staging(actor.product)
    person = holder(environment) if environment else None
    until, left = (clock(environment.held_until), time_left(environment)) if environment and person else ("", "")
    there = answers(environment, candidate) if environment and candidate else None
    return Staging(environment, candidate, person, until, left, there)


def name_of(candidate: Candidate | None) -> str:
    """ "Build 57": its number, which no other build has."""
    return _("Build %(number)d") % {"number": candidate.pk} if candidate else ""


def time_left(environment: Environment) -> str:
    """ "1 h 24 min left"."""
    minutes = max(int((environment.held_until - timezone.now()).total_seconds() // 60), 0)
    if minutes < 60:
        return ngettext("%(n)d min left", "%(n)d min left", minutes) % {"n": minutes}
    return _("%(hours)d h %(minutes)d min left") % {"hours": minutes // 60, "minutes": minutes % 60}


def answers(environment: Environment, candidate: Candidate) -> Answers:
    """From what a worker asked it last (deployments/reality.py); nobody asks it now."""
    when = ago(environment.probed_at) if environment.probed_at else ""
    if environment.state == Environment.State.UNSURE:
        return Answers("bad", "triangle-alert", _("Nobody is sure what runs there"))
    if environment.probed_release.endswith(f"+{candidate.digest[:8]}"):
        return Answers("good", "circle-check", _("This build answers there, asked %(when)s") % {"when": when})
    if environment.probed_release and not was_asked_before(environment, candidate):
        facts = {"release": environment.probed_release, "when": when}
        return Answers("bad", "triangle-alert", _("%(release)s answers there, asked %(when)s") % facts)
    return Answers("stg", "clock", _(environment.probe_note or NOT_ASKED))


def was_asked_before(environment: Environment, candidate: Candidate) -> bool:
    """Whether the last answer is from before this build came, so that it says nothing of it."""
    asked, came = environment.probed_at, candidate.staged_at
    return asked is not None and came is not None and asked < came


def news(change: Change, candidate: Candidate, user: User | None) -> News | None:
    """What changed since the build on which this person tried the change last; None if that is this one, or none."""
    row = CandidateChange.objects.filter(candidate=candidate, change=change).select_related("revision").first()
    last = last_build(change, candidate, user)
    if row is None or last is None:
        return None
    earlier, seen = last
    commits, rewritten = between(seen, row.revision)
    return News(name_of(earlier), commits, rewritten, [reason(one) for one in row.stale])


def last_build(change: Change, candidate: Candidate, user: User | None) -> tuple[Candidate, Revision] | None:
    """The build, another one than this, that the person last ticked a step or gave a verdict on."""
    if user is None:
        return None
    tick = tries.last_tried(change, user, but=candidate.digest)
    word = Verdict.objects.filter(change=change, by=user, carried_from=None).exclude(digest=candidate.digest)
    said = word.select_related("candidate", "revision").order_by("-at", "-pk").first()
    if tick and (said is None or tick.at > said.at):
        rows = CandidateChange.objects.filter(change=change, candidate__digest=tick.digest)
        row = rows.select_related("candidate", "revision").order_by("-candidate").first()
        return (row.candidate, row.revision) if row else None
    return (said.candidate, said.revision) if said else None


def between(seen: Revision, now: Revision) -> tuple[list[str], int]:
    """The subjects of the commits that came, the oldest first, and how many were only written anew (a rebase)."""
    if seen.pk == now.pk:
        return [], 0
    known, titles = {one["sha"] for one in seen.log}, {one["subject"] for one in seen.log}
    came = [one for one in reversed(now.log) if one["sha"] not in known]
    fresh = [one["subject"] for one in came if one["subject"] not in titles]
    return fresh[-COMMITS_SHOWN:] or ([now.subject] if not came and now.subject else []), len(came) - len(fresh)


def reason(stale: dict[str, object]) -> str:
    """ "C-7 changed checkout/forms.py since"."""
    who = stale["change"] or _("What is live")
    return _("%(who)s changed %(files)s since") % {"who": who, "files": ", ".join(map(str, stale["files"]))}


def replaced(earlier: Candidate, now: Candidate) -> list[str]:
    """What is different in the build that took another one's place, change by change."""
    before, after = rows_of(earlier), rows_of(now)
    both = [(before.get(pk), after.get(pk)) for pk in sorted(before.keys() | after.keys())]
    return [words for old, new in both if (words := difference(old, new))]


def difference(old: CandidateChange | None, new: CandidateChange | None) -> str:
    """A sentence; "" where nothing is different."""
    title = {"change": str((new or old).change)}
    if old is None:
        return _("%(change)s came in") % title
    if new is None:
        return _("%(change)s left") % title
    return _("%(change)s has a new version") % title if old.revision_id != new.revision_id else ""
