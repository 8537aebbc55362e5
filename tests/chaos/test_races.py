"""A manager's yes against a push, an edit of the plan, a variable, a flag, a withdrawal and another release's shipping.

What is deployed is what was approved, or the answer is 409 (or the worker's no, with the gate's name). Guard: what was
asked is asked again inside the transaction that claims (`order`).
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from deployments import approvals
from deployments.models import Deployment
from environments import variables
from tests.chaos.observing import without
from tests.chaos.product import ChaosProduct, ended
from tests.chaos.racing import Outcome, Track, frozen_on
from tests.chaos.results import Results
from tests.chaos.sizes import SEED, dice, rounds
from tests.chaos.stack import Stack

TRACKS = 3
RIVALS = ("push", "plan", "variable", "variable", "flag", "withdrawal", "hotfix")


@pytest.mark.smoke
def test_what_is_deployed_is_what_was_approved(stack: Stack, product: ChaosProduct, results: Results) -> None:
    each = rounds(100, smoke=3)
    tracks = [Track(stack, product, number, each) for number in range(TRACKS)]
    with ThreadPoolExecutor(TRACKS) as pool:
        outcomes = [outcome for ran in pool.map(run, tracks) for outcome in ran]
    wrong = [text for outcome in outcomes for text in outcome]
    words = Counter(word for _track in tracks for word in _track.words)
    results.add(
        "an approval beside whatever changes what was approved",
        asked=f"{TRACKS * each} races, 0 to 5 s apart: what is deployed is what was approved, or 409",
        measured=f"{dict(words)}, wrong {len(wrong)}; seed {SEED}",
        ok=not wrong,
    )
    assert wrong == []
    assert words["deployed"], "none of them was deployed, so nothing was shown"


def run(track: Track) -> list[list[str]]:
    """All races of a track, one after the other: what was wrong in each."""
    random, found = dice(track.product.product.slug), []
    try:
        for number in range(track.rounds):
            outcome: Outcome = track.race(number, random.choice(RIVALS), random)
            track.words.append(outcome.word)
            found.append(outcome.wrong())
    finally:
        connection.close()
    return found


def test_without_the_question_at_the_claim_other_variables_come_along(stack: Stack, product: ChaosProduct) -> None:
    track = Track(stack, product, TRACKS, 2)
    assert changed_after_the_yes(track, 0).status == Deployment.Status.FAILED
    with without(stack, "order"):
        assert changed_after_the_yes(track, 1).status == Deployment.Status.SUCCEEDED


def changed_after_the_yes(track: Track, number: int) -> Deployment:
    """What became of the deployment when a variable changed between the yes and the claim."""
    release = frozen_on(track, number)
    with transaction.atomic():
        approvals.approve(release, by=track.cast.max)
        facts = {"name": "COLOUR", "value": f"late {number}", "is_secret": False}
        variables.set_variable(track.production, **facts, by=track.cast.ops)
    done = ended(Deployment.objects.filter(environment=track.production).latest("pk"))
    track.settle()
    return done
