"""Many people and workers at one environment at the same time."""

import random
import threading
from collections import Counter

from django.db import connection

from deployments import rollout, running, services
from deployments.models import Deployment
from environments import repositories
from environments.models import Environment
from lifecycle.transitions import NotAllowed
from tests.deployments.engine import Shop

S = Deployment.Status
ROUNDS, PEOPLE = 6, 8


def test_at_most_one_is_active_nobody_gets_an_error_and_the_end_is_what_was_asked_last(engine: Shop):
    Environment.objects.update(driver="fake", driver_settings={"seconds": 0.02})
    candidates = [engine.candidate(label) for label in ("one", "two", "three", "four")]
    engine.deploy(engine.dev, candidates[0])
    engine.deploy(engine.dev, candidates[1])
    seen: Counter = Counter()
    for number in range(ROUNDS):
        threads = [
            threading.Thread(target=one_person, args=(engine, candidates, number * 100 + n, seen))
            for n in range(PEOPLE)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finish(engine)
    assert set(seen) <= {"done", "refused"}, seen
    assert seen["done"] > ROUNDS
    assert running.active(engine.dev) is None
    assert not running.line(engine.dev).exists()
    last = running.current(engine.dev)
    git = repositories.git(engine.repository)
    head = git.log(None, git.refs("refs/heads/")["env/dev"], limit=1)[0]
    assert head.trailer("Deployment") == str(last.pk)
    assert engine.environment("dev").state == Environment.State.OK


def one_person(engine: Shop, candidates: list, seed: int, seen: Counter) -> None:
    """Ask for something and be a worker for a moment."""
    dice = random.Random(seed)
    try:
        if dice.random() < 0.3:
            asked = services.roll_back(engine.dev, by=engine.cast.max, reason="Faulty.")
        else:
            asked = services.request(engine.dev, dice.choice(candidates), by=engine.cast.ops)
        rollout.execute(asked.pk)
        seen["done"] += 1
    except NotAllowed:
        seen["refused"] += 1
    except Exception as error:
        seen[repr(error)] += 1
    finally:
        connection.close()


def finish(engine: Shop) -> None:
    """Do what still waits."""
    while (waiting := running.line(engine.dev).first()) is not None:
        rollout.execute(waiting.pk)
