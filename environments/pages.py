"""What the templates of this app show, prepared in Python."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from environments import freezes as windows
from environments import locks, secrets
from environments.forms import LockForm, VariableForm
from environments.models import Branch, Environment, Freeze, Lock, Repository, Variable
from lifecycle.dates import ago, clock, day
from lifecycle.models import Product

BRANCHES_SHOWN = 50


@dataclass(frozen=True)
class Row:
    """A variable as people may see it."""

    name: str
    value: str
    is_secret: bool
    changed: str


@dataclass(frozen=True)
class Held:
    """A lock with its end in words."""

    lock: Lock
    until: str


def settings(environment: Environment) -> dict[str, Any]:
    """What settings.html shows."""
    rows = [as_row(variable) for variable in environment.variables.order_by("name")]
    return {
        "environment": environment,
        "environments": list(Environment.objects.filter(product=environment.product_id)),
        "rows": rows,
        "locks": [Held(lock, moment(lock.expires_at)) for lock in locks.in_force(environment)],
        "variable_form": VariableForm(auto_id="variable_%s"),
        "lock_form": LockForm(auto_id="lock_%s"),
    }


def as_row(variable: Variable) -> Row:
    value = secrets.MASK if variable.is_secret else variable.value
    return Row(variable.name, value, variable.is_secret, ago(variable.changed_at))


def moment(at: Any) -> str:
    return _("%(day)s, %(time)s") % {"day": day(at), "time": clock(at)}


@dataclass(frozen=True)
class Window:
    """A freeze with its ends in words."""

    freeze: Freeze
    starts: str
    ends: str


def freezes(product: Product) -> list[Window]:
    return [Window(one, moment(one.starts_at), moment(one.ends_at)) for one in windows.coming(product)]


def repository(found: Repository | None) -> dict[str, Any]:
    """What repository.html shows; `found` is None before one is connected."""
    if found is None:
        return {"repository": None, "headline": _("No repository is connected yet"), "branches": []}
    return {
        "repository": found,
        "headline": headline(found),
        "fetched": ago(found.fetched_at) if found.fetched_at else "",
        "branches": [(branch, ago(branch.moved_at)) for branch in branches(found)],
    }


def headline(found: Repository) -> str:
    if found.fetch_error:
        return _("The repository cannot be read")
    return _("The repository is read every two seconds") if found.fetched_at else _("A worker is fetching it")


def branches(found: Repository) -> list[Branch]:
    return list(found.branches.order_by("-moved_at", "name")[:BRANCHES_SHOWN])


def as_initial(found: Repository | None) -> dict[str, str]:
    return {"upstream": found.upstream, "main_branch": found.main_branch} if found else {}
