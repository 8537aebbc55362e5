"""A worker looks at the keys that an environment's servers show. What they mean is in environments/host_keys.py."""

from deployments.drivers import DriverError
from deployments.drivers.ssh import SshDriver, connecting, hosts
from environments import host_keys
from environments.host_keys import Server, confirm, look_later, of, pinned
from environments.models import Environment
from lifecycle import jobs
from lifecycle.events import Machine
from lifecycle.jobs import Lease

__all__ = ["Server", "confirm", "look", "look_later", "of", "pinned"]


@jobs.handler("host_key")
def look(lease: Lease) -> None:
    """Ask every host for its key and write it down; Failed names those that showed none. Idempotent."""
    environment = Environment.objects.select_related("product").get(pk=lease.row.subject_id)
    if environment.driver != SshDriver.name or hosts.check(environment.driver_settings.get("hosts")):
        raise jobs.Failed(f"{environment} names no servers that could be asked")
    silent = [problem for host in hosts.hosts_of(environment.driver_settings) if (problem := _note(environment, host))]
    if silent:
        raise jobs.Failed("; ".join(silent))


def _note(environment: Environment, host: hosts.Host) -> str:
    """Why this host's key is not known, "" when it was written down."""
    try:
        seen = connecting.look(host)
    except DriverError as error:
        return str(error)
    host_keys.note_seen(
        environment, host=host.name, port=host.port, key=seen.key, fingerprint=seen.fingerprint, by=Machine("worker")
    )
    return ""
