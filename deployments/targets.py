"""From rows to what the drivers know: a target (one environment) and a release (one built candidate)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from deployments import drivers, keeper_state, pipelines, running
from deployments.drivers import CREDENTIALS, Driver, DriverError, Target
from deployments.drivers.base import Note, no_note
from deployments.models import Deployment
from environments import access, database_addresses, host_keys, places, variables
from environments.manifest import Manifest, ManifestError, parse
from environments.models import Environment
from releases.models import Candidate


def artefacts_root() -> Path:
    return Path(settings.VAR) / "artefacts"


def app_name(environment: Environment) -> str:
    """The name under which the keeper knows it; further products carry theirs in front."""
    product = environment.product
    return environment.slug if product.is_default else f"{product.slug}-{environment.slug}"


def app_folder(environment: Environment) -> Path:
    """Where the keeper and everybody else keep what belongs to this environment on this machine."""
    return keeper_state.app_folder(Path(settings.VAR), app_name(environment))


def manifest_of(candidate: Candidate) -> Manifest:
    """lifecycle.toml as it is in the candidate's tree. Raises ManifestError."""
    return parse(candidate.manifest)


def can_verify(environment: Environment, candidate: Candidate) -> bool:
    """Whether anything tells which release runs there; False too when the driver or lifecycle.toml cannot be read."""
    try:
        return drivers.get(environment.driver).verifies(environment.driver_settings, manifest_of(candidate))
    except (DriverError, ManifestError):
        return False


def release_of(candidate: Candidate) -> drivers.Release:
    return drivers.Release(running.release_id(candidate), artefacts_root() / candidate.digest, candidate.digest)


@dataclass(frozen=True)
class Given:
    """What an environment gives the drivers, opened: the application's variables, and what opens its servers."""

    variables: dict[str, str]
    credentials: dict[str, str]
    host_keys: dict[str, str]


def given_by(environment: Environment, config_version: int | None = None) -> Given:
    """With the variables of a version (None: today's), but today's credentials: a key that was replaced opens nothing.

    Only for workers. NotAllowed when a secret cannot be read.
    """
    own, today = _variables(environment, config_version), variables.opened(environment)
    own |= places.effects(environment) | access.variables(environment)
    return Given(
        variables={name: value for name, value in own.items() if name not in CREDENTIALS},
        credentials={name: value for name, value in today.items() if name in CREDENTIALS},
        host_keys=host_keys.pinned(environment),
    )


def driver_for(
    environment: Environment,
    candidate: Candidate,
    *,
    given: Given | None = None,
    deployment: Deployment | None = None,
    note: Note = no_note,
    goes_back: bool = False,
    again: bool = False,
) -> Driver:
    """The environment's driver, set up for this candidate with what was given (None: what it gives today).

    `goes_back`, `again` and `note` are the target's; see there. DriverError for a driver or setting that is wrong.
    """
    folder = app_folder(environment)
    given = given or given_by(environment)
    target = Target(
        environment=environment.slug,
        folder=folder,
        data=folder / "data",
        manifest=manifest_of(candidate),
        port=_port(environment),
        variables=given.variables,
        settings=environment.driver_settings,
        credentials=given.credentials,
        host_keys=given.host_keys,
        checkout=release_of(candidate).path,
        key=key_of(deployment, candidate, goes_back=goes_back) if deployment else "",
        again=again,
        kept=environment.product.artefacts_kept,
        report=pipelines.report_of,
        note=note,
    )
    target.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return drivers.get(environment.driver)(target)


def _variables(environment: Environment, config_version: int | None) -> dict[str, str]:
    if config_version is None:
        return variables.opened(environment)
    return variables.opened_at(environment, config_version)


def key_of(deployment: Deployment, candidate: Candidate, *, goes_back: bool = False) -> str:
    """Names what one deployment does with one candidate over all attempts; its way back may lead to the same one."""
    environment = deployment.environment
    key = f"{environment.product.slug}-{environment.slug}-{deployment.pk}-{candidate.digest[:8]}"
    return f"{key}-back" if goes_back else key


def _port(environment: Environment) -> int:
    try:
        return int(environment.driver_settings.get("port", 0))
    except (TypeError, ValueError):
        raise DriverError("the port in the environment's settings is not a number") from None


def secrets_of(environment: Environment) -> list[str]:
    """What the logs must hide."""
    return [*variables.secret_values(environment), *access.secret_values(environment)]


def require_own_database(environment: Environment, *, config_version: int | None = None) -> None:
    """DriverError when dev or staging would reach production's database with the variables of a version (None: these).

    Production's are today's and those of what runs there or is on its way. Resolves names: only for workers.
    """
    if environment.kind == Environment.Kind.PRODUCTION:
        return
    own = _variables(environment, config_version)
    for place in environment.product.environments.filter(kind=Environment.Kind.PRODUCTION):
        for theirs in _variables_in_use(place):
            if name := database_addresses.same_database(own, theirs):
                raise DriverError(f"{name} leads to the database of {place}: {environment} must have one of its own")


def _variables_in_use(environment: Environment) -> Iterator[dict[str, str]]:
    """Today's, and what runs or is on its way was started with; without those whose key is gone."""
    yield variables.opened(environment)
    rows = filter(None, (running.current(environment), running.active(environment)))
    for version in {row.config_version for row in rows} - {environment.config_version}:
        yield variables.legible_at(environment, version)
