"""What was approved is what is deployed: whatever the digest or the configuration covers makes the approval stale.

Generated from the lists of what is covered: a new fact without a way to change it here fails the first tests.
"""

from collections.abc import Callable
from typing import Any

import pytest

from deployments import approvals, claims, driver_settings, gates
from deployments.models import Deployment
from environments import host_keys, places, variables
from environments.models import Environment
from releases import candidates
from releases.models import Candidate, CandidateChange, Change, Release, Revision
from tests.cast import Cast
from tests.deployments.paper import Paper

Mutate = Callable[[Paper], Any]


@pytest.fixture
def paper(cast: Cast) -> Paper:
    """With the facts that a worker writes down, and approved: a deployment waits."""
    made = Paper(cast)
    candidate = made.release.candidate
    candidate.facts = candidates.facts_of(candidate, candidate.rows.select_related("change"))
    candidate.digest = candidates.digest_of(candidate, list(candidate.rows.select_related("change")))
    for model in (made.release.signoffs, candidate.verdicts):
        model.update(digest=candidate.digest)
    candidate.save()
    made.release.rehearsals.update(digest=candidate.digest)
    approvals.approve(made.release, by=cast.max)
    assert gates.missing(made.release) == [] and Deployment.objects.get().status == "queued"
    return made


def own(paper: Paper) -> Any:
    return Candidate.objects.filter(pk=paper.release.candidate_id)


def other_change(paper: Paper) -> None:
    facts = {"product": paper.cast.product, "created_at": paper.now, "waiting_since": paper.now, "status": "approved"}
    CandidateChange.objects.update(change=Change.objects.create(number=2, title="Another", **facts))


def other_revision(paper: Paper) -> None:
    newer = Revision.objects.create(change=paper.change, number=2, fork="c" * 40, tip="e" * 40, seen_at=paper.now)
    CandidateChange.objects.update(revision=newer)


CANDIDATE: dict[str, Mutate] = {
    "base": lambda paper: own(paper).update(base=paper.candidate("dev", "9" * 64)),
    "tree": lambda paper: own(paper).update(tree="9" * 40),
    "changes": other_change,
    "manifest": lambda paper: own(paper).update(manifest='[start]\ncommand = ["other"]\n[backup]\ncommand = ["b"]\n'),
}
ROWS: dict[str, Mutate] = {
    "change": other_change,
    "revision": other_revision,
    "action": lambda paper: CandidateChange.objects.update(action="undo"),
    "migrations": lambda paper: Change.objects.update(migrations="irreversible"),
}
COVERED = ("driver", "driver_settings", "sends_mail", "takes_payments")
"""The fields of an environment that decide what is started, and how."""
ELSEWHERE = frozenset(
    {
        *("id", "product", "slug", "name", "kind", "position", "url", "cloned_from"),
        *("state", "status", "status_note", "fence", "config_version", "held_by", "held_until"),
        *("promotion", "promotion_days", "promotion_time", "promotion_zone", "promotion_again_at"),
        *("next_promotion_at", "last_promotion_at", "last_promotion_note"),
        *("test_data", "test_data_at", "test_data_note", "test_data_scrubbed"),
        *("access", "access_key"),
        *("probed_release", "probed_at", "probe_misses", "probe_note", "foreign_sha"),
    }
)
"""What it is called, where it stands, what was seen there: nothing of this reaches what is started on production,
which has no key and is open (environments/access.py)."""


def host_key(paper: Paper) -> None:
    facts = {"host": "web1", "port": 22, "key": "ssh-ed25519 AAAA", "fingerprint": "SHA256:x", "by": paper.cast.ops}
    host_keys.confirm(host_keys.note_seen(paper.production, **facts), by=paper.cast.ops)


def effects(**changed: bool) -> Mutate:
    def mutate(paper: Paper) -> None:
        now = {name: getattr(paper.production, name) for name in ("sends_mail", "takes_payments")}
        wanted = now | {name: not now[name] for name in changed}
        places.set_effects(paper.production, by=paper.cast.ops, reason="A trial.", **wanted)

    return mutate


def variable(paper: Paper) -> None:
    variables.set_variable(paper.production, name="TAX", value="20", is_secret=False, by=paper.cast.ops)


def driver(name: str, **settings: Any) -> Mutate:
    return lambda paper: driver_settings.set_driver(
        paper.production, driver=name, driver_settings=settings, by=paper.cast.ops
    )


CONFIGURATION: dict[str, Mutate] = {
    "driver": driver("fake"),
    "driver_settings": driver("process", port=8123),
    "sends_mail": effects(sends_mail=True),
    "takes_payments": effects(takes_payments=True),
    "variables": variable,
    "host_keys": host_key,
}


def test_every_fact_of_the_digest_is_tried(paper: Paper) -> None:
    assert set(candidates.facts_of(paper.release.candidate, [])) == set(CANDIDATE)
    assert set(candidates.ROW_FACTS) == set(ROWS)


def test_every_field_of_an_environment_is_covered_or_said_to_be_elsewhere() -> None:
    fields = {field.name for field in Environment._meta.concrete_fields}
    assert fields - ELSEWHERE == set(COVERED), "a new field: does it decide what is started?"
    assert set(COVERED) <= set(CONFIGURATION)


def require_stale(paper: Paper) -> None:
    asked = Deployment.objects.filter(environment=paper.production).latest("pk")
    shut = {gate.key for gate in gates.missing(Release.objects.get(pk=paper.release.pk))}
    assert shut & {"as_composed", "approvals"}
    assert claims.claim(paper.production) is None
    asked.refresh_from_db()
    assert asked.status == "failed"


@pytest.mark.parametrize("fact", CANDIDATE)
def test_another_candidate_is_not_what_was_approved(paper: Paper, fact: str) -> None:
    before = paper.release.candidate.facts
    CANDIDATE[fact](paper)
    now = Candidate.objects.get(pk=paper.release.candidate_id)
    assert candidates.facts_of(now, now.rows.select_related("change"))[fact] != before[fact]
    require_stale(paper)


@pytest.mark.parametrize("fact", ROWS)
def test_other_changes_are_not_what_was_approved(paper: Paper, fact: str) -> None:
    ROWS[fact](paper)
    require_stale(paper)


@pytest.mark.parametrize("source", CONFIGURATION)
def test_another_configuration_is_not_what_was_approved(paper: Paper, source: str) -> None:
    before = paper.production.config_version
    CONFIGURATION[source](paper)
    assert Environment.objects.get(pk=paper.production.pk).config_version > before
    require_stale(paper)
