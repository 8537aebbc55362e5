"""A rollback ordered while a deployment hangs: in its build, its migration, the switch, or before it is healthy.

Guards: whoever holds a deployment looks twice a second for a wish to stop it (`abort`). Only what lifecycle.toml calls
uninterruptible, as [migrate] is unless it says otherwise, is waited for, until it ends or its own time-out ends it
(`patience`).
"""

import threading
import time
from dataclasses import dataclass, field

import pytest
from django.db import connection

from deployments import running, services
from deployments.models import Deployment, Step
from environments.models import Environment
from tests.chaos import invariants
from tests.chaos.observing import without
from tests.chaos.product import MANIFEST, ChaosProduct, ended, log_of
from tests.chaos.results import Results, spread
from tests.chaos.sizes import rounds
from tests.chaos.stack import Stack, eventually
from tests.deployments.shop import SERVER

S = Deployment.Status
HEALTHY_SECONDS, ACCEPTED_SECONDS = 60, 1.0
HANGS = (("command", "migrate"), ("command", "switch"), ("process", "migrate"))
FOREVER = 3600
BUILDING = f"""{MANIFEST}
[build]
command = ["{{python}}", "-I", "-S", "target.py", "build"]
timeout_seconds = 600
inactivity_seconds = 600
"""
UNWELL = MANIFEST.replace("timeout_seconds = 10", "timeout_seconds = 600")
UNWELL_SERVER = SERVER.replace(
    "\nServer(",
    '\nHANGS = os.path.exists(os.environ["DATA_DIR"] + "/slow-health")'
    '\nHANGS and open(os.environ["DATA_DIR"] + "/hangs", "w").write(os.environ["RELEASE"])'
    "\nServer(",
).replace("        status =", "        import time\n        time.sleep(3600 if HANGS else 0)\n        status =")
HEALTH = {"command": {"health": ["{python}", "-I", "-S", "target.py", "health"]}, "process": {}}
MIGRATE_SECONDS, ENDS_AFTER_SECONDS = 4, 2.5
PATIENT = MANIFEST.replace("600", str(MIGRATE_SECONDS)).replace("uninterruptible = false\n", "")


@dataclass
class Rollbacks:
    accepted: list[float] = field(default_factory=list)
    healthy: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def roll_back_hanging(product: ChaosProduct, place: Environment, number: int, what: str) -> tuple[float, float]:
    """Roll back what hangs in `what`: seconds until that was accepted, and until the old release answers."""
    product.slow(place, what, FOREVER)
    hanging = product.ask(place, number)
    eventually(lambda: begun(product, hanging, what), f"the hanging {what}", seconds=30)
    clicked = time.monotonic()
    back = services.roll_back(place, by=product.cast.ops, reason="It hangs.")
    accepted = time.monotonic() - clicked
    product.slow(place, what, 0)
    ended(back, seconds=HEALTHY_SECONDS)
    healthy = time.monotonic() - clicked
    ended(hanging, seconds=10)
    assert (hanging.status, back.status) == (S.ABORTED, S.SUCCEEDED), log_of(hanging) + log_of(back)
    assert product.runs(place) == product.release(0)
    return accepted, healthy


def begun(product: ChaosProduct, hanging: Deployment, what: str) -> bool:
    """Whether it hangs there; a server that does not answer says so once, as it starts."""
    place, release = hanging.environment, running.release_id(hanging.candidate)
    if (place.driver, what) == ("process", "health"):
        asked = Step.objects.filter(deployment=hanging, key=what, status=Step.Status.RUNNING).exists()
        said = product.data(place) / "hangs"
        return asked and said.exists() and said.read_text() == release
    effects = product.builds() if what == "build" else product.effects(place)
    return any((e.phase, e.what, e.release) == ("begin", what, release) for e in effects)


def roll_back_in_turn(product: ChaosProduct, place: Environment, what: str, count: int, found: Rollbacks) -> None:
    try:
        product.deploy(place, 0)
        for number in range(1, count + 1):
            accepted, healthy = roll_back_hanging(product, place, number, what)
            found.accepted.append(accepted)
            found.healthy.append(healthy)
    except Exception as error:
        found.wrong.append(f"{place}: {error!r}")
    finally:
        connection.close()


@pytest.fixture(scope="module")
def building(stack: Stack, product: ChaosProduct) -> ChaosProduct:
    """A product whose releases are built, which may hang."""
    return ChaosProduct(stack, slug="building", cast=product.cast, manifest=BUILDING)


@pytest.fixture(scope="module")
def unwell(stack: Stack, product: ChaosProduct) -> ChaosProduct:
    """A product that may be asked for ten minutes whether it is healthy."""
    return ChaosProduct(stack, slug="unwell", cast=product.cast, manifest=UNWELL, server=UNWELL_SERVER)


def more_hangs(building: ChaosProduct, unwell: ChaosProduct, name: str) -> list[tuple[ChaosProduct, Environment, str]]:
    """A place for each further way to hang."""
    places = [
        (unwell, unwell.environment(f"{name}-{driver}", driver=driver, **HEALTH[driver]), "health") for driver in HEALTH
    ]
    return [(building, building.environment(f"{name}-build", driver="command"), "build"), *places]


@pytest.mark.smoke
def test_a_rollback_is_never_refused_and_needs_no_patience(
    stack: Stack, product: ChaosProduct, building: ChaosProduct, unwell: ChaosProduct, results: Results
) -> None:
    each, more, found = rounds(17, smoke=1), rounds(5, smoke=1), Rollbacks()
    hangs = [(product, product.environment(f"hangs-{n}", driver=d), what, each) for n, (d, what) in enumerate(HANGS)]
    hangs += [(*hang, more) for hang in more_hangs(building, unwell, "hangs")]
    for whose, _place, _what, count in hangs:
        whose.candidate(count + 2)
    lanes = [threading.Thread(target=roll_back_in_turn, args=(*hang, found)) for hang in hangs]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join(900)
    limit = HEALTHY_SECONDS / stack.tempo
    for whose, place, _what, _count in hangs:
        found.wrong += invariants.not_on_a_known_release(whose, place)
        found.wrong += invariants.overlapping(whose.effects(place), str(place))
    is_good = not found.wrong and max(found.healthy) <= limit and max(found.accepted) <= ACCEPTED_SECONDS
    results.add(
        "rollback while a deployment hangs",
        asked=f"{sum(count for *_hang, count in hangs)} accepted at once, the old release healthy in ≤ {limit:.0f} s",
        measured=f"accepted {spread(found.accepted)}; healthy {spread(found.healthy)}; wrong {len(found.wrong)}",
        ok=is_good,
    )
    assert found.wrong == []
    assert is_good, (found.accepted, found.healthy)


def test_without_a_look_at_the_wish_the_deployment_hangs_on(
    stack: Stack, product: ChaosProduct, building: ChaosProduct, unwell: ChaosProduct
) -> None:
    hangs = [(product, product.environment("deaf", driver="command"), "migrate"), *more_hangs(building, unwell, "deaf")]
    number = 8  # nobody has built it yet
    for whose, place, _what in hangs:
        whose.deploy(place, 0)
    with without(stack, "abort"):
        asked = [hang_and_ask_back(*hang, number) for hang in hangs]
        time.sleep(HEALTHY_SECONDS / stack.tempo)
        assert [status_of(back) for _hanging, back in asked] == [S.QUEUED] * len(hangs)
    for whose, place, what in hangs:
        whose.slow(place, what, 0)
    assert {(ended(hanging).status, ended(back).status) for hanging, back in asked} == {(S.ABORTED, S.SUCCEEDED)}


def hang_and_ask_back(
    product: ChaosProduct, place: Environment, what: str, number: int, *, seconds: float = FOREVER
) -> tuple[Deployment, Deployment]:
    """A deployment that takes so long in `what`, and the rollback that was asked for meanwhile."""
    product.slow(place, what, seconds)
    hanging = product.ask(place, number)
    eventually(lambda: begun(product, hanging, what), f"the hanging {what}", seconds=30)
    return hanging, product.ask_back(place)


def status_of(deployment: Deployment) -> str:
    deployment.refresh_from_db()
    return deployment.status


@pytest.fixture(scope="module")
def patient(stack: Stack, product: ChaosProduct) -> ChaosProduct:
    """A product whose [migrate] says nothing of interruptions, and has four seconds."""
    return ChaosProduct(stack, slug="patient", cast=product.cast, manifest=PATIENT)


@pytest.mark.parametrize(("seconds", "end"), [(ENDS_AFTER_SECONDS, S.ABORTED), (FOREVER, S.FAILED)])
def test_a_rollback_waits_for_a_migration_no_longer_than_its_own_time_out(
    stack: Stack, patient: ChaosProduct, results: Results, seconds: float, end: str
) -> None:
    places = [patient.environment(f"waits-{end}{n}", driver="command") for n in range(rounds(3, smoke=1))]
    for place in places:
        patient.deploy(place, 0)
    asked = [hang_and_ask_back(patient, place, "migrate", 1, seconds=seconds) for place in places]
    took = [waited_for(patient, hanging, back, end) for hanging, back in asked]
    limit = MIGRATE_SECONDS + HEALTHY_SECONDS / stack.tempo
    migrated = [has_migrated(patient, hanging) for hanging, _back in asked]
    is_good = max(took) <= limit and migrated == [end == S.ABORTED] * len(places)
    results.add(
        f"rollback while [migrate] cannot be interrupted ({end})",
        asked=f"{len(places)} never cut off before {MIGRATE_SECONDS} s, the old release healthy in ≤ {limit:.0f} s",
        measured=f"healthy {spread(took)}; migrated to the end {sum(migrated)}",
        ok=is_good,
    )
    assert is_good, (took, migrated)


def waited_for(product: ChaosProduct, hanging: Deployment, back: Deployment, end: str) -> float:
    """Seconds from the wish to the old release; the rollback began only when the other one had ended."""
    assert (ended(hanging).status, ended(back).status) == (end, S.SUCCEEDED), log_of(hanging) + log_of(back)
    assert hanging.finished_at and back.started_at and back.finished_at and hanging.finished_at <= back.started_at
    assert product.runs(back.environment) == product.release(0)
    return (back.finished_at - back.requested_at).total_seconds()


def has_migrated(product: ChaosProduct, deployment: Deployment) -> bool:
    release = running.release_id(deployment.candidate)
    effects = product.effects(deployment.environment)
    return any((e.phase, e.what, e.release) == ("end", "migrate", release) for e in effects)


def test_without_patience_a_migration_is_cut_off(stack: Stack, patient: ChaosProduct) -> None:
    place = patient.environment("hasty", driver="command")
    patient.deploy(place, 0)
    with without(stack, "patience"):
        hanging, back = hang_and_ask_back(patient, place, "migrate", 1, seconds=ENDS_AFTER_SECONDS)
        assert (ended(hanging).status, ended(back).status) == (S.ABORTED, S.SUCCEEDED)
    assert not has_migrated(patient, hanging)
