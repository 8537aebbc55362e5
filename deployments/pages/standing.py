"""What is said of a place beside what runs there: what answers, whose data it has, what it may do for real."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from deployments import proofs, targets
from deployments.models import Deployment
from environments.models import Environment
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
    return [note for note in (*found, data(environment), effects(environment)) if note is not None]


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
    said = {"name": environment.test_data or _("Test data"), "when": dates.ago(environment.test_data_at)}
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
