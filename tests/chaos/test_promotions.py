"""Eight people at one environment at the same time, by the services and by the API, five hundred times.

Guards: the environment's row is locked before anything is decided (`lock`), and a partial unique index allows one
active deployment. Either is enough for "one at a time", so the negative control takes both away. What was asked is
asked again at the claim (`order`), so that an older release never comes over a newer one.
"""

import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection

from deployments import services
from deployments.models import Deployment
from environments.models import Environment
from lifecycle import jobs, tokens
from lifecycle.models import Token
from lifecycle.transitions import NotAllowed
from releases.models import Candidate
from tests.chaos import invariants
from tests.chaos.observing import without
from tests.chaos.product import ChaosProduct, ended
from tests.chaos.results import Results
from tests.chaos.sizes import SEED, dice, rounds
from tests.chaos.stack import Stack, eventually
from tests.chaos.traps import WAIT

PEOPLE = 8
BY_API = 0.15
INDEX = "one_active_deployment"
SETTLE_SECONDS = 1.0


class Crowd:
    """Eight people who ask at once, each for something: a newer or older candidate, or the way back."""

    def __init__(self, stack: Stack, product: ChaosProduct, place: Environment) -> None:
        self.product, self.place = product, place
        self.api = f"{stack.url}/api/v1/products/{product.product.slug}"
        self.token = tokens.issue(product.cast.ops, name="chaos", scope=Token.Scope.WRITE)
        self.answers: Counter[str] = Counter()
        self.most_active = 0
        self.start = threading.Barrier(PEOPLE)

    def ask(self, who: int, round_: int) -> None:
        """One wish; what came of it is counted."""
        random = dice(f"{who} {round_}")
        candidate = self.product.candidate(round_ // 40 + random.randrange(3))
        goes_back = random.random() < 0.3
        self.start.wait(30)
        by_api = random.random() < BY_API
        answer = self._by_api(candidate.pk, goes_back) if by_api else self._by_service(candidate, goes_back)
        self.answers[answer] += 1
        self.most_active = max(self.most_active, self._active())

    def _active(self) -> int:
        return Deployment.objects.filter(environment=self.place, status__in=Deployment.ACTIVE).count()

    def _by_service(self, candidate: object, goes_back: bool) -> str:
        try:
            if goes_back:
                services.roll_back(self.place, by=self.product.cast.max, reason="Faulty.")
            else:
                services.request(self.place, candidate, by=self.product.cast.ops)
        except NotAllowed as reason:
            return "refused" if str(reason) else "refused without a reason"
        except Exception as error:
            return repr(error)
        return "accepted"

    def _by_api(self, pk: int, goes_back: bool) -> str:
        if goes_back:
            status, answer = self._post(f"/environments/{self.place.slug}/roll-back/", {"reason": "Faulty."})
        else:
            status, answer = self._post("/deployments/", {"environment": self.place.slug, "candidate_id": pk})
        if status == 409:
            return "409" if answer.get("detail") else "409 without a reason"
        return "201" if status == 201 else f"{status} {answer}"

    def _post(self, path: str, content: dict[str, object]) -> tuple[int, dict[str, object]]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.api + path, json.dumps(content).encode(), headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")


def gather(crowd: Crowd, count: int) -> None:
    """`count` rounds; each begins when all eight are ready."""
    with ThreadPoolExecutor(PEOPLE) as people:
        for round_ in range(count):
            list(people.map(lambda who, n=round_: crowd.ask(who, n), range(PEOPLE)))
        list(people.map(lambda _who: connection.close(), range(PEOPLE)))


@pytest.mark.smoke
def test_of_eight_at_once_one_is_active_and_the_others_hear_why(
    stack: Stack, product: ChaosProduct, results: Results
) -> None:
    place = product.environment("crowded", seconds=0.4)
    count = rounds(500, smoke=12)
    product.candidate(count // 40 + 5)
    for number in range(2):
        product.deploy(place, number)
    stack.web or stack.start_web()
    crowd = Crowd(stack, product, place)
    gather(crowd, count)
    eventually(lambda: not invariants.stuck([place]), "an end of everything", seconds=60)
    expected = {"accepted", "refused", "201", "409"}
    wrong = {answer: n for answer, n in crowd.answers.items() if answer not in expected}
    spoilt = invariants.backwards(product, place) + invariants.not_on_a_known_release(product, place)
    results.add(
        "concurrent promotions and rollbacks",
        asked=f"{count} rounds of {PEOPLE} on one environment: at most one active, losers get 409 with the reason",
        measured=f"{dict(crowd.answers)}, most active at once {crowd.most_active}, wrong {len(spoilt)}; seed {SEED}",
        ok=not wrong and not spoilt and crowd.most_active <= 1,
    )
    assert (wrong, spoilt) == ({}, [])
    assert crowd.most_active <= 1
    assert {"accepted", "refused"} <= set(crowd.answers)


@pytest.mark.smoke
def test_without_lock_and_index_two_are_active(stack: Stack, product: ChaosProduct) -> None:
    assert most_active(stack, product, "guarded") == 1
    with without(stack, "lock"):
        assert most_active(stack, product, "indexed") == 1, "the index alone is enough"
        with no_index():
            assert most_active(stack, product, "unguarded") == 2


def most_active(stack: Stack, product: ChaosProduct, slug: str) -> int:
    """How many are active when a rollback comes to a worker while another one has chosen and not yet claimed."""
    place = product.environment(slug)
    product.deploy_many(place, 2)
    first = product.ask(place, 2, traps={"taking": WAIT, "before:switch": WAIT})
    eventually(lambda: stack.traps.notes(first.log_key, WAIT), "the first, about to claim", seconds=20)
    second = written_beside(first, product.candidate(0), kind=Deployment.Kind.ROLLBACK)
    stack.traps.set(second.log_key, "before:switch", WAIT)
    jobs.doorbell("deployments.tasks.deploy", second.pk, queue="deploy")
    time.sleep(SETTLE_SECONDS)
    stack.traps.release(first.log_key, "taking")
    time.sleep(SETTLE_SECONDS)
    count = Deployment.objects.filter(environment=place, status__in=Deployment.ACTIVE).count()
    stack.traps.clear()
    eventually(lambda: not invariants.stuck([place]), "an end of everything", seconds=60)
    return count


def written_beside(first: Deployment, candidate: Candidate, *, kind: str) -> Deployment:
    """A wish written past the services, which would supersede the first one or refuse it."""
    same = ("product", "environment", "requested_at", "due_at", "requested_by")
    facts = {name: getattr(first, name) for name in same} | {"kind": kind, "status": "queued", "reason": "Faulty."}
    return Deployment.objects.create(**facts, candidate=candidate, digest=candidate.digest)


def test_without_the_question_at_the_claim_an_older_release_comes_over_a_newer_one(
    stack: Stack, product: ChaosProduct
) -> None:
    assert older_after_newer(product, "asked-again") == []
    with without(stack, "order"):
        assert older_after_newer(product, "not-asked") != []


def older_after_newer(product: ChaosProduct, slug: str) -> list[str]:
    """What is wrong after a wish for something older was written down while something newer ran."""
    place = product.environment(slug)
    product.deploy(place, 0)
    newer = product.deploy(place, 2)
    older = written_beside(newer, product.candidate(1), kind=Deployment.Kind.DEPLOY)
    jobs.doorbell("deployments.tasks.deploy", older.pk, queue="deploy")
    ended(older)
    return invariants.backwards(product, place)


@contextmanager
def no_index() -> Iterator[None]:
    """The database without its last line of defence."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [INDEX])
        [definition] = cursor.fetchone()
        cursor.execute(f"DROP INDEX {INDEX}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(definition)
