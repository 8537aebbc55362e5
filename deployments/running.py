"""What runs where, what is on its way, and what a rollback would go back to."""

from dataclasses import dataclass

from django.db.models import Case, Exists, F, IntegerField, OuterRef, QuerySet, Value, When

from deployments.models import Deployment
from environments.models import Environment
from lifecycle.models import Product
from releases.contents import Held, contents_of
from releases.models import Candidate, Change

S = Deployment.Status
MOST_STEPS_BACK = 5


@dataclass(frozen=True)
class Place:
    """One environment on the board: what runs, what is being done and what waits, in the order of its line."""

    environment: Environment
    current: Deployment | None
    active: Deployment | None
    waiting: list[Deployment]


def release_id(candidate: Candidate) -> str:
    """What the application calls itself (RELEASE) and answers to the probe, e.g. "24.11+3f2a91bc"."""
    return f"{candidate.label}+{candidate.digest[:8]}"


def newest(environment: Environment) -> Candidate | None:
    """What is on its way here, else what runs."""
    found = active(environment) or current(environment)
    return found.candidate if found else None


def locked(environment: Environment) -> Environment:
    """The environment's row, locked: whatever decides about its line takes this lock before any other
    (docs/engine.md "Who waits for whom").
    """
    return (
        Environment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("product")
        .get(pk=environment.pk)
    )


def next_fence(environment: Environment) -> int:
    """A fence that is higher than every one before, for work at the target that is no deployment."""
    Environment.objects.filter(pk=environment.pk).update(fence=F("fence") + 1)
    environment.refresh_from_db(fields=["fence"])
    return environment.fence


def place(product: Product, kind: str) -> Environment | None:
    """The first environment of this kind that can be deployed to."""
    return product.environments.filter(kind=kind).ready().order_by("position", "pk").first()


def production(product: Product) -> Environment | None:
    return place(product, Environment.Kind.PRODUCTION)


def current(environment: Environment) -> Deployment | None:
    """The last deployment that succeeded here: what is recorded as running."""
    return succeeded(environment).order_by("-verified_at", "-id").first()


def succeeded(environment: Environment) -> QuerySet[Deployment]:
    done = Deployment.objects.filter(environment=environment, status=S.SUCCEEDED)
    return done.select_related("candidate", "release", "requested_by")


def config_for(deployment: Deployment) -> int:
    """The variables it is to run with: today's; on the way back those that its release was verified with here last, or
    what runs now has: a way back never brings a configuration that nobody has seen run.
    """
    environment = deployment.environment
    if not deployment.goes_back:
        return environment.config_version
    verified = succeeded(environment).filter(candidate=deployment.candidate_id)
    last = verified.order_by("-verified_at", "-id").first() or current(environment)
    return last.config_version if last else environment.config_version


def config_of(deployment: Deployment) -> int:
    """The variables it was begun with; while it waits, those that it would be given now."""
    return config_for(deployment) if deployment.status in Deployment.WAITING else deployment.config_version


def before(deployment: Deployment) -> Deployment | None:
    """What ran there when it was begun, or while it waits, what runs there now; None if that is not known."""
    if deployment.previous_id is None:
        return None
    earlier = succeeded(deployment.environment).filter(candidate=deployment.previous_id).exclude(pk=deployment.pk)
    if deployment.started_at is not None:
        earlier = earlier.filter(verified_at__lte=deployment.started_at)
    return earlier.order_by("-verified_at", "-id").first()


def last_on_production(candidate: Candidate) -> Deployment | None:
    """The deployment that brought it to production last; None if none ever did."""
    done = Deployment.objects.filter(candidate=candidate, environment__kind=Environment.Kind.PRODUCTION)
    verified = done.filter(status=S.SUCCEEDED).select_related("environment")
    return verified.order_by("-verified_at", "-id").first()


def previous_verified(environment: Environment) -> Candidate | None:
    """The newest candidate older than the running one that was verified here and not taken back since.

    Before the first of Lifecycle's own it is the adopted one. None: there is nothing to go back to.
    """
    now = current(environment)
    if now is None:
        return None
    earlier = succeeded(environment).filter(candidate_id__lt=now.candidate_id)
    good = earlier.exclude(Exists(_taken_back_since(environment))).order_by("-candidate_id").first()
    return good.candidate if good else adopted_before(now.candidate)


def _taken_back_since(environment: Environment) -> QuerySet[Deployment]:
    """The rollbacks that left the outer row's candidate, or passed it by, after that row was verified.

    One that overtook a hanging deployment, or made sure what runs, went from the last verified one to itself.
    """
    away = succeeded(environment).filter(kind=Deployment.Kind.ROLLBACK, previous_id__gt=F("candidate_id"))
    past = away.filter(previous_id__gte=OuterRef("candidate_id"), candidate_id__lt=OuterRef("candidate_id"))
    return past.filter(verified_at__gt=OuterRef("verified_at"))


def further_back(environment: Environment, target: Candidate) -> list[Candidate]:
    """What was verified here before `target` and not taken back since, newest first: one may go back so far at once."""
    earlier = succeeded(environment).filter(candidate_id__lt=target.pk)
    good = earlier.exclude(Exists(_taken_back_since(environment)))
    return list(Candidate.objects.filter(pk__in=good.values("candidate")).order_by("-pk")[:MOST_STEPS_BACK])


def adopted_before(candidate: Candidate) -> Candidate | None:
    """What ran before Lifecycle, unless that is what runs."""
    adopted = Candidate.objects.filter(product=candidate.product_id, purpose=Candidate.Purpose.ADOPTED)
    return adopted.filter(pk__lt=candidate.pk, status=Candidate.Status.READY).order_by("-pk").first()


def rollback_target(environment: Environment) -> Candidate | None:
    """Where "Roll back" leads: while something is on its way or nobody is sure what runs, to what was verified last;
    while a rollback is on its way, or was the last thing begun and left nobody sure, where that one should have led.
    """
    last, busy = current(environment), active(environment)
    is_unsure = environment.state == Environment.State.UNSURE
    if busy and busy.kind == Deployment.Kind.ROLLBACK:
        return busy.candidate
    if is_unsure and not busy and (broken := _broken_rollback(environment)):
        return broken.candidate
    if last and (busy or is_unsure):
        return last.candidate
    return previous_verified(environment)


def _broken_rollback(environment: Environment) -> Deployment | None:
    """The last thing begun here, if it is a rollback that did not arrive: nobody wants what it fled from."""
    begun = Deployment.objects.filter(environment=environment, started_at__isnull=False)
    last = begun.select_related("candidate").order_by("-started_at", "-id").first()
    is_broken = last is not None and last.kind == Deployment.Kind.ROLLBACK and last.status != S.SUCCEEDED
    return last if is_broken else None


def active(environment: Environment) -> Deployment | None:
    """The one deployment that a worker holds, or held when it died."""
    rows = Deployment.objects.filter(environment=environment, status__in=Deployment.ACTIVE)
    return rows.select_related("candidate", "release", "requested_by").first()


def line(environment: Environment) -> QuerySet[Deployment]:
    """Who waits for this environment, next one first: rollbacks overtake, else by time and in the order of asking."""
    return in_line(Deployment.objects.filter(environment=environment, status__in=Deployment.WAITING))


def in_line(rows: QuerySet[Deployment]) -> QuerySet[Deployment]:
    first = When(kind=Deployment.Kind.ROLLBACK, then=Value(0))
    turn = Case(first, default=Value(1), output_field=IntegerField())
    return rows.select_related("candidate", "release", "requested_by").order_by(turn, "due_at", "id")


def queue_position(deployment: Deployment) -> int:
    """1 = next; 0 = not waiting."""
    waiting = list(line(deployment.environment).values_list("pk", flat=True))
    return waiting.index(deployment.pk) + 1 if deployment.pk in waiting else 0


def board(product: Product) -> list[Place]:
    """Every environment in its order, in three statements."""
    environments = list(product.environments.in_use().order_by("position", "pk"))
    here = Deployment.objects.filter(environment__in=environments).select_related(
        "candidate", "release", "requested_by"
    )
    done = here.filter(status=S.SUCCEEDED).order_by("environment_id", "-verified_at", "-id").distinct("environment_id")
    currents = {row.environment_id: row for row in done}
    open_rows = list(in_line(here.filter(status__in=[*Deployment.ACTIVE, *Deployment.WAITING])))
    return [_place(environment, currents.get(environment.pk), open_rows) for environment in environments]


def _place(environment: Environment, now: Deployment | None, open_rows: list[Deployment]) -> Place:
    own = [row for row in open_rows if row.environment_id == environment.pk]
    busy = next((row for row in own if row.is_active), None)
    return Place(environment, now, busy, [row for row in own if not row.is_active])


def leaving(from_: Candidate, to: Candidate) -> list[Change]:
    """The changes that are in `from_` and not in `to`, also because they were undone: what users lose on the way."""
    return [held.change for held in held_and_leaving(from_, to)]


def held_and_leaving(from_: Candidate, to: Candidate) -> list[Held]:
    """The same, as `from_` holds them."""
    held, stay = contents_of([from_, to])
    gone = [one for pk, one in held.items() if pk not in stay]
    return sorted(gone, key=lambda one: one.change.number)


def one_way(from_: Candidate, to: Candidate) -> list[Change]:
    """The changes that leave whose migrations the older code cannot run on: no rollback by one click."""
    hard = (Change.Migrations.CONTRACT, Change.Migrations.IRREVERSIBLE)
    return [change for change in leaving(from_, to) if change.migrations in hard]
