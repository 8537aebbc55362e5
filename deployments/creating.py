"""Environments come and go: the wish of a person, and what a worker does about it (lifecycle.toml: create, destroy)."""

import shutil
import time
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from deployments import declared, keeper_state, running, stopping, targets
from environments import creation
from environments.models import Environment
from lifecycle import jobs
from lifecycle.embedded import ports
from lifecycle.events import By, Machine
from lifecycle.jobs import Failed, Lease
from lifecycle.models import Work
from lifecycle.transitions import NotAllowed, move

S = Environment.Status
WORKER = Machine("worker")
CREATE, DESTROY = "create_environment", "destroy_environment"
FIRST_PORT, PORTS = 8200, 400
KEEPER_SECONDS = 15


@transaction.atomic
def create(
    source: Environment,
    *,
    slug: str,
    name: str,
    kind: str,
    with_secrets: bool,
    by: By,
    url: str = "",
    at: datetime | None = None,
) -> Environment:
    """A copy of `source`, which a worker makes ready. ValidationError as `environments.creation.clone` raises it."""
    made = creation.clone(source, slug=slug, name=name, kind=kind, with_secrets=with_secrets, url=url, by=by, at=at)
    jobs.enqueue(CREATE, made, product=made.product)
    return made


@transaction.atomic
def retry(environment: Environment, *, by: By, at: datetime | None = None) -> None:
    """Have a worker try again what could not be created. NotAllowed for one that is not broken."""
    move(environment, S.CREATING, by=by, at=at, status_note="")
    jobs.enqueue(CREATE, environment, product=environment.product)


@transaction.atomic
def destroy(environment: Environment, *, typed: str, by: By, at: datetime | None = None) -> None:
    """Have a worker take it down; what waits for it is cancelled, its history stays.

    `typed` is its short name, as proof that it is meant: ValidationError. NotAllowed for production, for the last one
    of its kind and while something runs there.
    """
    if typed.strip() != environment.slug:
        raise ValidationError({"typed": _("Type %(slug)s to destroy it.") % {"slug": environment.slug}})
    environment = running.locked(environment)
    require_dispensable(environment)
    for waiting in running.line(environment):
        stopping.abort(waiting, by=by, reason=_("The environment is destroyed."), at=at)
    move(environment, S.DESTROYING, by=by, at=at, status_note="")
    jobs.enqueue(DESTROY, environment, product=environment.product)


def require_dispensable(environment: Environment) -> None:
    """NotAllowed for production, for the last one of its kind, and while something runs there."""
    others = environment.product.environments.filter(kind=environment.kind).ready().exclude(pk=environment.pk)
    if environment.is_production:
        raise NotAllowed(_("Production is not destroyed from here."))
    if environment.is_ready and not others.exists():
        raise NotAllowed(_("It is the last one of its kind: changes would have nowhere to go."))
    if running.active(environment):
        raise NotAllowed(_("Something is being deployed there. Stop it first."))


def could_not_create(work: Work) -> None:
    _broken(work, S.CREATING)


@jobs.handler(CREATE, ended=could_not_create, stands_still=True)
def carry_out_creation(lease: Lease) -> None:
    """CREATING → READY: a port of its own, then the declared command. It may run again, and the command too."""
    environment = _load(lease)
    if environment.status != S.CREATING:
        return
    give_port(environment)
    declared.run(lease, environment, "create")
    move(environment, S.READY, by=WORKER, status_note="")


@transaction.atomic
def give_port(environment: Environment) -> None:
    """A local application gets a free port of this machine that no other environment has, and the address to it.

    The rows are locked, so that two that are created at once do not find the same one.
    """
    if environment.driver != "process" or environment.driver_settings.get("port"):
        return
    rows = Environment.objects.in_use().select_for_update(no_key=True).order_by("pk")
    taken = {place.driver_settings.get("port") for place in rows}
    port = next((p for p in range(FIRST_PORT, FIRST_PORT + PORTS) if p not in taken and ports.is_free(p)), None)
    if port is None:
        raise Failed(f"No port is free between {FIRST_PORT} and {FIRST_PORT + PORTS}.")
    environment.driver_settings = {**environment.driver_settings, "port": port}
    environment.url = environment.url or f"http://{ports.LOOPBACK}:{port}"
    environment.save(update_fields=["driver_settings", "url"])


def could_not_destroy(work: Work) -> None:
    _broken(work, S.DESTROYING)


@jobs.handler(DESTROY, ended=could_not_destroy, stands_still=True)
def carry_out_destruction(lease: Lease) -> None:
    """DESTROYING → GONE: the declared command, then what the keeper runs and its data."""
    environment = _load(lease)
    if environment.status != S.DESTROYING:
        return
    declared.run(lease, environment, "destroy")
    if environment.driver == "process":
        take_down(environment)
    with transaction.atomic():
        move(environment, S.GONE, by=WORKER, status_note="")
        creation.retire(environment)


def take_down(environment: Environment) -> None:
    """Stop what the keeper runs there and remove its data. jobs.Failed when it does not stop."""
    folder = targets.app_folder(environment)
    keeper_state.withdraw(folder, running.next_fence(environment))
    deadline = time.monotonic() + KEEPER_SECONDS
    while (status := keeper_state.read_status(folder)) is not None and status.state != "stopped":
        if time.monotonic() > deadline:
            raise Failed("The keeper has not stopped the application.")
        time.sleep(0.1)
    shutil.rmtree(folder / "data", ignore_errors=True)


def _load(lease: Lease) -> Environment:
    return Environment.objects.select_related("product", "cloned_from").get(pk=lease.row.subject_id)


def _broken(work: Work, during: str) -> None:
    """It stays as it is, with the reason, until somebody tries again or destroys it."""
    environment = Environment.objects.get(pk=work.subject_id)
    if environment.status == during:
        move(environment, S.BROKEN, by=WORKER, status_note=work.error)
