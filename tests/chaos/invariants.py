"""What must hold whatever was killed. Each function returns what is wrong, in words; nothing is good."""

from collections import Counter, defaultdict
from itertools import pairwise

from deployments import running
from deployments.models import Deployment, Step
from environments import repositories
from environments.models import Environment
from lifecycle.models import Work
from tests.chaos.product import ChaosProduct, Effect

S = Deployment.Status


def stuck(environments: list[Environment]) -> list[str]:
    """Rows that have not ended, and environments that are not free."""
    rows = Deployment.objects.filter(environment__in=environments)
    left = rows.exclude(status__in=[status for status, moves in Deployment.MOVES.items() if not moves])
    return [f"deployment {row.pk} to {row.environment} is {row.status}" for row in left]


def stuck_work() -> list[str]:
    return [f"work {w.key} is {w.status}" for w in Work.objects.filter(status__in=[*Work.ACTIVE, Work.Status.QUEUED])]


def not_on_a_known_release(product: ChaosProduct, environment: Environment) -> list[str]:
    """What is recorded, what the target says and what git says must be one thing."""
    environment.refresh_from_db()
    last = running.current(environment)
    if last is None:
        return [f"{environment} runs nothing that was verified"]
    recorded, answered = running.release_id(last.candidate), product.runs(environment)
    wrong = [] if recorded == answered else [f"{environment}: {recorded} is recorded, {answered} answers"]
    if environment.state != Environment.State.OK:
        wrong.append(f"{environment} is {environment.state}")
    git = repositories.git(product.repository)
    head = git.log(None, git.refs("refs/heads/")[environment.branch], limit=1)[0]
    if head.trailer("Deployment") != str(last.pk):
        wrong.append(f"{environment.branch} tells of deployment {head.trailer('Deployment')}, not {last.pk}")
    return wrong


def twice(product: ChaosProduct, environment: Environment) -> list[str]:
    """The same effect twice by one holder, or two holders' effects at the same time."""
    done = [effect for effect in product.effects(environment) if effect.phase == "end"]
    counts = Counter((effect.what, effect.release, effect.fence) for effect in done if effect.what == "switch")
    wrong = [f"{environment}: {key} happened {count} times" for key, count in counts.items() if count > 1]
    return wrong + overlapping(product.effects(environment), str(environment))


def overlapping(effects: list[Effect], name: str) -> list[str]:
    """Two processes between begin and end at once. One that was killed has no end, and another takes its turn."""
    began: dict[int, Effect] = {}
    spans: list[tuple[float, float, Effect]] = []
    for effect in effects:
        if effect.phase == "begin":
            began[effect.pid] = effect
        elif effect.pid in began:
            spans.append((began.pop(effect.pid).at, effect.at, effect))
    spans.sort(key=lambda span: span[0])
    return [f"{name}: {a[2]} and {b[2]} at once" for a, b in pairwise(spans) if b[0] < a[1]]


def backwards(product: ChaosProduct, environment: Environment) -> list[str]:
    """An older fence after a newer one, or an older release over a newer one where nothing was to go back."""
    switched = [e for e in product.effects(environment) if (e.phase, e.what) == ("end", "switch")]
    wrong = [
        f"{environment}: fence {b.fence} switched after {a.fence}" for a, b in pairwise(switched) if b.fence < a.fence
    ]
    return wrong + [
        f"{environment}: {b.release} (fence {b.fence}) came over {a.release} (fence {a.fence})"
        for a, b in pairwise(switched)
        if number_of(b.release) < number_of(a.release) and not goes_back(environment, b.fence)
    ]


def goes_back(environment: Environment, fence: int) -> bool:
    """Whether the holder of this fence was a rollback, or a deployment that did not end well and so went back.

    The fences of one deployment follow each other, and its row keeps the last one.
    """
    holder = Deployment.objects.filter(environment=environment, fence__gte=fence).order_by("fence").first()
    return holder is not None and (holder.kind == Deployment.Kind.ROLLBACK or holder.status != S.SUCCEEDED)


def number_of(release: str) -> int:
    """Of "r12+1a2b3c4d": 12."""
    return int(release.lstrip("r").partition("+")[0])


def repeated_steps(deployments: list[Deployment], deaths: Counter) -> list[str]:
    """Steps that were taken more often than the deaths of their workers explain."""
    taken: dict[int, int] = defaultdict(int)
    for step in Step.objects.filter(deployment__in=deployments):
        taken[step.deployment_id] += max(0, step.attempt - 1)
    return [f"deployment {pk}: {n} repetitions, {deaths[pk]} deaths" for pk, n in taken.items() if n > deaths[pk]]
