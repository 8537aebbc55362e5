"""What settings.html shows, prepared in Python. No secret is ever part of it."""

from dataclasses import dataclass
from typing import Any

from django.forms import Form

from environments import database_addresses, differences, locks, places, queries, secrets, variables
from environments.forms import AccessForm, EffectsForm, LockForm, VariableForm
from environments.models import Environment, Lock, Variable, VariableVersion
from environments.pages import promotion
from environments.pages.words import moment
from lifecycle.dates import ago


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


@dataclass(frozen=True)
class Past:
    """An earlier value, or that there was none."""

    pk: int
    config_version: int
    value: str
    is_secret: bool
    is_removed: bool
    who: str
    when: str
    is_current: bool


def settings(environment: Environment) -> dict[str, Any]:
    """The whole page."""
    rows = [as_row(variable) for variable in environment.variables.order_by("name")]
    return {
        **frame(environment),
        "rows": rows,
        "contrasts": differences.from_production(environment),
        "leads_to_production": leads_to_production(environment),
        **ends(environment),
        "how": promotion.how(environment),
        "times": promotion.times(environment),
        "has_a_choice": not places.why_by_hand(environment),
        "locks": [Held(lock, moment(lock.expires_at)) for lock in locks.in_force(environment)],
        "variable_form": VariableForm(auto_id="variable_%s"),
        "lock_form": LockForm(auto_id="lock_%s"),
        "place_form": promotion.form(environment),
        "access_form": AccessForm(initial={"access": environment.access}, auto_id="access_%s"),
        "effects_form": EffectsForm(initial=initial(environment, EffectsForm), auto_id="effects_%s"),
    }


def frame(environment: Environment) -> dict[str, Any]:
    """What every page about one environment has around it."""
    others = Environment.objects.filter(product=environment.product_id).in_use()
    return {"environment": environment, "environments": list(others)}


def ends(environment: Environment) -> dict[str, bool]:
    """Whether it stands at an end of the row, where it cannot be moved any further."""
    row = list(Environment.objects.filter(product=environment.product_id).in_use().order_by("position", "pk"))
    return {"is_first": environment in row[:1], "is_last": environment in row[-1:]}


def initial(environment: Environment, form: type[Form]) -> dict[str, Any]:
    return {name: getattr(environment, name, "") for name in form.base_fields}


def as_row(variable: Variable) -> Row:
    value = secrets.MASK if variable.is_secret else variable.value
    return Row(variable.name, value, variable.is_secret, ago(variable.changed_at))


def leads_to_production(environment: Environment) -> str:
    """The variable whose text is the address of production's database; "" when the text alone proves nothing."""
    production = queries.of_kind(environment.product, Environment.Kind.PRODUCTION)
    if production is None or production == environment:
        return ""
    return database_addresses.same_text(variables.legible(environment), variables.legible(production)) or ""


def history(environment: Environment, name: str) -> dict[str, Any]:
    """What variable.html shows: every value a variable had, the newest first."""
    versions = variables.history(environment, name)[:100]
    return {**frame(environment), "name": name, "versions": [past(row, n == 0) for n, row in enumerate(versions)]}


def past(row: VariableVersion, is_current: bool) -> Past:
    value = secrets.MASK if row.is_secret else row.value
    who = str(row.changed_by or "")
    when = moment(row.changed_at)
    return Past(row.pk, row.config_version, value, row.is_secret, row.is_removed, who, when, is_current)
