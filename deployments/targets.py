"""From rows to what the drivers know: a target (one environment) and a release (one built candidate)."""

from pathlib import Path

from django.conf import settings

from deployments import drivers, keeper_state, running
from deployments.drivers import CREDENTIALS, Driver, DriverError, Target
from deployments.models import Deployment
from environments import variables
from environments.manifest import Manifest, parse
from environments.models import Environment
from releases.models import Candidate


def artefacts_root() -> Path:
    return Path(settings.VAR) / "artefacts"


def app_name(environment: Environment) -> str:
    """The name under which the keeper knows it; further products carry theirs in front."""
    product = environment.product
    return environment.slug if product.is_default else f"{product.slug}-{environment.slug}"


def manifest_of(candidate: Candidate) -> Manifest:
    """lifecycle.toml as it is in the candidate's tree. Raises ManifestError."""
    return parse(candidate.manifest)


def release_of(candidate: Candidate) -> drivers.Release:
    return drivers.Release(running.release_id(candidate), artefacts_root() / candidate.digest, candidate.digest)


def driver_for(
    environment: Environment,
    candidate: Candidate,
    *,
    deployment: Deployment | None = None,
    config_version: int | None = None,
) -> Driver:
    """The environment's driver, set up for this candidate and for the variables of a version (None: today's).

    DriverError for a driver or setting that is wrong.
    """
    folder = keeper_state.app_folder(Path(settings.VAR), app_name(environment))
    given = _variables(environment, config_version)
    target = Target(
        environment=environment.slug,
        folder=folder,
        data=folder / "data",
        manifest=manifest_of(candidate),
        port=_port(environment),
        variables={name: value for name, value in given.items() if name not in CREDENTIALS},
        settings=environment.driver_settings,
        credentials={name: value for name, value in given.items() if name in CREDENTIALS},
        key=key_of(deployment, candidate) if deployment else "",
    )
    target.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return drivers.get(environment.driver)(target)


def _variables(environment: Environment, config_version: int | None) -> dict[str, str]:
    if config_version is None:
        return variables.opened(environment)
    return variables.opened_at(environment, config_version)


def key_of(deployment: Deployment, candidate: Candidate) -> str:
    """Names what one deployment does with one candidate (its own, or the one it goes back to), over all attempts."""
    environment = deployment.environment
    return f"{environment.product.slug}-{environment.slug}-{deployment.pk}-{candidate.digest[:8]}"


def _port(environment: Environment) -> int:
    try:
        return int(environment.driver_settings.get("port", 0))
    except (TypeError, ValueError):
        raise DriverError("the port in the environment's settings is not a number") from None


def secrets_of(environment: Environment) -> list[str]:
    """What the logs must hide."""
    return variables.secret_values(environment)
