"""Comparisons made before anybody asks: between neighbours on the board, and of what a rollback would take away."""

from collections.abc import Iterator
from itertools import pairwise

from deployments import running
from environments import deltas
from environments.models import Environment, Repository
from lifecycle import jobs
from lifecycle.jobs import Lease
from lifecycle.models import Product
from releases.models import Candidate, Release

Pair = tuple[Candidate, Candidate]


def later(product: Product) -> None:
    """Let a worker look which comparisons are missing."""
    repository = Repository.objects.filter(product=product).first()
    if repository is not None:
        jobs.enqueue("comparisons", repository, product=product)


@jobs.handler("comparisons", queue="git")
def prepare(lease: Lease) -> None:
    """Ask for those that are missing; harmless to repeat."""
    repository = Repository.objects.select_related("product").get(pk=lease.row.subject_id)
    for before, after in pairs(repository.product):
        if before.sha and after.sha and before.sha != after.sha:
            deltas.request(repository, before.sha, after.sha)


def pairs(product: Product) -> Iterator[Pair]:
    """(from, to): what promoting would bring, what going back would take, what is frozen against what is live."""
    places = [place for place in running.board(product) if place.current]
    for earlier, following in pairwise(places):
        yield following.current.candidate, earlier.current.candidate
    for place in places:
        runs, target = place.current.candidate, running.rollback_target(place.environment)
        if target is not None:
            yield runs, target
            yield target, runs
        if place.environment.kind == Environment.Kind.PRODUCTION:
            yield from ((runs, frozen) for frozen in frozen_candidates(product))


def frozen_candidates(product: Product) -> list[Candidate]:
    frozen = Release.objects.filter(product=product, status=Release.Status.FROZEN).exclude(candidate=None)
    return [release.candidate for release in frozen.select_related("candidate") if release.candidate]
