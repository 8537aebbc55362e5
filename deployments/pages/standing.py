"""What is said of a place beside what runs there: who asks to leave it alone, what answers, what it may do for real."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from deployments import intake, proofs, targets, times
from deployments.models import Deployment
from environments import freezes, holds, locks, places
from environments.models import Environment, Freeze, Lock
from environments.pages.words import moment_in
from lifecycle import dates


class Note(NamedTuple):
    """`tone` is bad, warn or nothing."""

    icon: str
    tone: str
    text: str


def notes(environment: Environment, current: Deployment | None) -> list[Note]:
    """The sentences below an environment's name, the alarming ones first."""
    found = [
        place(environment),
        rehearsal(environment),
        reality(environment),
        verification(environment, current),
        drift(environment),
    ]
    return [
        *keeping_away(environment),
        *promoted(environment),
        *(note for note in (*found, data(environment), effects(environment)) if note is not None),
    ]


def keeping_away(environment: Environment) -> list[Note]:
    """Who asks others not to deploy here, or keeps them from it, and until when: locks, whoever tries it, a freeze."""
    window = freezes.frozen_by(environment.product) if environment.is_production else None
    return kept_by(environment, locks.in_force(environment), window)


def kept_by(environment: Environment, held: Iterable[Lock], window: Freeze | None) -> list[Note]:
    """The same, of these locks and this freeze."""
    found = [lock_note(lock) for lock in held]
    who = holds.holder(environment)
    if who is not None and environment.held_until:
        facts = {"who": who, "time": dates.clock(environment.held_until)}
        found.append(Note("hand", "warn", _("%(who)s holds it until %(time)s.") % facts))
    if window is not None and environment.is_production:
        facts = {"time": moment_in(environment.product, window.ends_at), "reason": window.reason}
        found.append(Note("snowflake", "warn", _("Frozen until %(time)s: %(reason)s") % facts))
    return found


def promoted(environment: Environment) -> list[Note]:
    """That a promotion was not lost when somebody came in between."""
    is_first = environment.kind == Environment.Kind.STAGING and places.takes_compositions(environment)
    if not is_first or intake.kept_waiting(environment) is None:
        return []
    return [Note("clock", "", _("What was promoted waits, and comes by itself when nothing keeps it away."))]


def lock_note(lock: Lock) -> Note:
    """A lock that only asks reads otherwise than one that refuses."""
    facts = {"who": lock.owner, "time": times.words(lock.expires_at), "reason": lock.reason}
    if lock.kind == Lock.Kind.HARD:
        return Note("lock", "bad", _("Locked by %(who)s until %(time)s: %(reason)s") % facts)
    return Note("triangle-alert", "warn", _("%(who)s asks not to deploy here until %(time)s: %(reason)s") % facts)


def with_warnings(confirm: dict[str, Any], environment: Environment) -> dict[str, Any]:
    """A question before something is deployed there, with what keeps others away said first."""
    return {**confirm, "facts": [*keeping_away(environment), *confirm["facts"]]}


def place(environment: Environment) -> Note | None:
    if environment.is_ready:
        return None
    broken = environment.status == Environment.Status.BROKEN
    label = str(environment.get_status_display())
    return Note("hammer", "bad" if broken else "warn", f"{label}. {environment.status_note}".strip())


def rehearsal(environment: Environment) -> Note | None:
    """Why testers see another release for some seconds."""
    words = proofs.note(environment.product) if environment.kind == Environment.Kind.STAGING else ""
    return Note("repeat-2", "warn", words) if words else None


def reality(environment: Environment) -> Note | None:
    """What really answers, when two probes in a row said something else than what is recorded."""
    if not environment.is_contradicted:
        return None
    answers = environment.probed_release or _("nothing")
    return Note("circle-alert", "bad", _("%(release)s answers, which is not what is recorded") % {"release": answers})


def verification(environment: Environment, current: Deployment | None) -> Note | None:
    """Without a probe nobody can tell afterwards which release runs."""
    if current is None or targets.can_verify(environment, current.candidate):
        return None
    return Note("circle-question-mark", "warn", _("Cannot verify: lifecycle.toml has no [probe]"))


def drift(environment: Environment) -> Note | None:
    if not environment.foreign_sha:
        return None
    said = {"branch": environment.branch, "sha": environment.foreign_sha[:8]}
    return Note("git-commit-horizontal", "warn", _("Somebody put %(sha)s on %(branch)s") % said)


def data(environment: Environment) -> Note | None:
    """Which test data it has and since when; production has none."""
    if environment.is_production or environment.test_data_at is None:
        return None
    when = dates.ago(environment.test_data_at)
    if environment.test_data_scrubbed:
        return Note("database", "", _("A scrubbed copy, made %(when)s") % {"when": when})
    said = {"name": environment.test_data or _("Test data"), "when": when}
    return Note("database", "", _("%(name)s, restored %(when)s") % said)


def effects(environment: Environment) -> Note | None:
    """Real mail or real payments where one does not expect them, or the lack of them on production."""
    on = [word for is_on, word in real_effects(environment) if is_on]
    off = [word for is_on, word in real_effects(environment) if not is_on]
    if environment.is_production:
        return Note("mail-x", "warn", _("Off here: %(what)s") % {"what": ", ".join(off)}) if off else None
    return Note("mail-warning", "warn", _("Real here: %(what)s") % {"what": ", ".join(on)}) if on else None


def real_effects(environment: Environment) -> list[tuple[bool, str]]:
    return [(environment.sends_mail, _("mail")), (environment.takes_payments, _("payments"))]
