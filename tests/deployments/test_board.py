"""The promotion board, promoting, and rolling back from it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from deployments import reality, running
from deployments.models import Deployment, Sample
from environments import stops
from environments.models import Environment
from lifecycle.models import User
from releases.models import Candidate, CandidateChange, Change, Revision
from tests.cast import Cast
from tests.deployments.watched import candidate, deployment, environment, release

SignIn = Callable[[User | None], Client]
KIND = Environment.Kind
TELLS = '[probe]\npath = "/"\n'


@pytest.fixture
def places(cast: Cast) -> dict[str, Environment]:
    return {kind: environment(cast.product, kind) for kind in KIND}


def change(cast: Cast, number: int, status: str, *, within: Candidate | None = None, title: str = "") -> Change:
    now = timezone.now()
    made = Change.objects.create(
        product=cast.product,
        number=number,
        title=title or f"Change {number}",
        branch=f"idea/{number}",
        developer=cast.dev,
        status=status,
        created_at=now,
        waiting_since=now,
    )
    made.revision = Revision.objects.create(change=made, number=1, fork="a" * 40, tip="b" * 40, seen_at=now)
    made.save(update_fields=["revision"])
    if within:
        CandidateChange.objects.create(candidate=within, change=made, revision=made.revision)
    return made


@pytest.fixture
def shipped(cast: Cast, places: dict[str, Environment]) -> Deployment:
    """24.10 was adopted, 24.11 with a wishlist is live."""
    first = candidate(cast.product, "24.10", purpose=Candidate.Purpose.ADOPTED)
    deployment(places[KIND.PRODUCTION], first)
    made = release(cast, "24.11")
    made.candidate.base = first
    made.candidate.save(update_fields=["base"])
    change(cast, 1, "live", within=made.candidate, title="Keep a wishlist")
    return deployment(places[KIND.PRODUCTION], made, previous=first)


def board(client: Client) -> str:
    answer = client.get("/environments/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_shows_what_runs_where(shipped: Deployment, cast: Cast, sign_in: SignIn) -> None:
    page = board(sign_in(cast.dev))
    assert "Keep a wishlist" in page and f"24.11 @ {shipped.candidate.sha[:7]}" in page
    assert page.index("Development") < page.index("Staging") < page.index("Production")
    assert "Nothing has been deployed yet" in page


def test_it_is_useful_on_the_first_day(cast: Cast, sign_in: SignIn) -> None:
    assert "Environments" in board(sign_in(cast.ops))


def test_customers_do_not_see_it(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.cleo).get("/environments/").status_code == 403


def test_what_is_ready_can_be_promoted(places: dict[str, Environment], cast: Cast, sign_in: SignIn) -> None:
    adopted = candidate(cast.product, "24.10", purpose=Candidate.Purpose.ADOPTED)
    change(cast, 7, "ready", title="Gift wrap")
    client = sign_in(cast.tess)
    page = board(client)
    assert "<b>1</b> ready" in page and 'data-dialog="promote"' in page
    assert "Gift wrap" in client.get("/environments/promote/").content.decode()
    assert client.post("/environments/promote/").status_code == 302
    composing = Candidate.objects.get(purpose=Candidate.Purpose.STAGING)
    assert composing.pk > adopted.pk


def test_what_was_said_to_appear_in_a_moment_appears_by_itself(
    places: dict[str, Environment], cast: Cast, sign_in: SignIn
) -> None:
    asks_again, client = 'hx-trigger="every 3s"', sign_in(cast.lena)
    candidate(cast.product, "24.10", purpose=Candidate.Purpose.ADOPTED)
    change(cast, 7, "ready", title="Gift wrap")
    assert asks_again not in board(client)
    client.post("/environments/promote/")
    assert asks_again in board(client), "while it is composed"
    composed = Candidate.objects.get(purpose=Candidate.Purpose.STAGING)
    Candidate.objects.update(status=Candidate.Status.READY)
    assert asks_again in board(client), "until it is sent there"
    sent = deployment(places[KIND.STAGING], composed, status=Deployment.Status.QUEUED)
    assert asks_again in board(client), "until a worker begins"
    Deployment.objects.filter(pk=sent.pk).update(due_at=timezone.now() + timedelta(hours=3))
    assert asks_again not in board(client), "nobody waits hours for it"


def test_the_board_says_why_nothing_can_be_promoted(
    places: dict[str, Environment], cast: Cast, sign_in: SignIn
) -> None:
    page = board(sign_in(cast.tess))
    assert "No change is ready" in page and 'aria-disabled="true"' in page
    assert sign_in(cast.tess).post("/environments/promote/").status_code == 409


def test_managers_do_not_promote(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.max).post("/environments/promote/").status_code == 403


def test_a_tester_decides_in_place(places: dict[str, Environment], cast: Cast, sign_in: SignIn) -> None:
    facts = {"purpose": Candidate.Purpose.STAGING, "staged_at": timezone.now()}
    tested = candidate(cast.product, "staging 3", **facts)
    deployment(places[KIND.STAGING], tested)
    change(cast, 8, "staging", within=tested)
    assert "/testing/8/approve/" in board(sign_in(cast.tess))
    assert "/testing/8/approve/" not in board(sign_in(cast.dev))


def test_a_change_that_came_back_says_so(places: dict[str, Environment], cast: Cast, sign_in: SignIn) -> None:
    made = change(cast, 9, "development")
    Change.objects.filter(pk=made.pk).update(return_reason="The button does nothing")
    assert "Returned" in board(sign_in(cast.dev))


def test_the_question_before_a_rollback_names_what_leaves_and_what_stays(
    shipped: Deployment, cast: Cast, sign_in: SignIn
) -> None:
    Change.objects.update(migrations="expand")
    page = sign_in(cast.ops).get("/environments/production/roll-back/").content.decode()
    assert "Roll Production back to 24.10?" in page
    assert "1 change leaves Production: Keep a wishlist" in page and "The migration of C-1 stays" in page
    assert "The last deployment took" in page


def test_one_button_rolls_back(shipped: Deployment, cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.ops).post("/environments/production/roll-back/", {"reason": "Checkout fails"})
    back = Deployment.objects.get(kind=Deployment.Kind.ROLLBACK)
    assert answer["Location"] == f"/deployments/{back.pk}/"
    assert (back.candidate.label, back.reason, back.requested_by) == ("24.10", "Checkout fails", cast.ops)


def test_a_rollback_needs_a_reason(shipped: Deployment, cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.ops).post("/environments/production/roll-back/", {"reason": ""})
    page = answer.content.decode()
    assert answer.status_code == 422 and "There is a problem" in page and "Say why" in page
    assert not Deployment.objects.filter(kind=Deployment.Kind.ROLLBACK).exists()


def test_testers_do_not_roll_back(shipped: Deployment, cast: Cast, sign_in: SignIn) -> None:
    for ask in (sign_in(cast.tess).get, sign_in(cast.tess).post):
        assert ask("/environments/production/roll-back/").status_code == 403


def test_where_there_is_no_way_back_it_says_why(shipped: Deployment, cast: Cast, sign_in: SignIn) -> None:
    Change.objects.update(migrations="irreversible")
    client = sign_in(cast.ops)
    page = client.get("/environments/production/roll-back/").content.decode()
    assert "no way back" in page and "C-1 changed the database" in page
    assert client.post("/environments/production/roll-back/", {"reason": "x"}).status_code == 409


def test_an_unknown_environment_is_not_found(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.ops).get("/environments/nowhere/roll-back/").status_code == 404


def test_a_further_environment_takes_what_the_one_before_it_has_verified(
    places: dict[str, Environment], cast: Cast, sign_in: SignIn
) -> None:
    demo = Environment.objects.create(
        product=cast.product, slug="demo", name="Demo", kind=KIND.STAGING, position=places[KIND.STAGING].position + 1
    )
    Environment.objects.filter(kind=KIND.PRODUCTION).update(position=9)
    client = sign_in(cast.lena)
    assert "Nothing is verified on Staging" in board(client)
    assert client.post("/environments/demo/promote/").status_code == 409
    deployment(places[KIND.STAGING], candidate(cast.product, "staging 3", purpose=Candidate.Purpose.STAGING))
    Environment.objects.filter(kind=KIND.STAGING).update(state=Environment.State.OK)
    assert 'action="/environments/demo/promote/"' in board(client)
    answer = client.post("/environments/demo/promote/")
    assert answer["Location"] == f"/deployments/{demo.deployments.get().pk}/"


def test_it_says_what_is_odd_about_a_place(shipped: Deployment, cast: Cast, sign_in: SignIn) -> None:
    staging = Environment.objects.filter(kind=KIND.STAGING)
    staging.update(sends_mail=True, test_data="small shop", test_data_at=timezone.now(), status="creating")
    Environment.objects.filter(kind=KIND.PRODUCTION).update(
        probed_release="24.9+aaaaaaaa", probe_misses=2, sends_mail=True, takes_payments=False, foreign_sha="f" * 40
    )
    page = board(sign_in(cast.ops))
    for words in ("Real here: mail", "small shop, restored", "Being created", "Off here: payments"):
        assert words in page
    assert "24.9+aaaaaaaa answers, which is not what is recorded" in page
    assert "Somebody put ffffffff on env/production" in page and "Cannot verify" in page


def health_of(page: str) -> str:
    """What the column of production says of its health, and the headline."""
    said = re.search(
        r'class="health (\w+)">.*?</svg>([^<]*)</span>', page[page.index('data-e="production"') :], re.DOTALL
    )
    headline = re.search(r'<h1 id="board-h">([^<]*)<', page)
    return f"{said[1]}: {said[2].strip()}; {headline[1]}"


def an_hour_passes() -> None:
    hour = timedelta(hours=1)
    Deployment.objects.update(verified_at=F("verified_at") - hour, requested_at=F("requested_at") - hour)


def test_health_is_what_was_heard_last(shipped: Deployment, cast: Cast, sign_in: SignIn) -> None:
    production, ops = Environment.objects.filter(kind=KIND.PRODUCTION), sign_in(cast.ops)
    Candidate.objects.filter(pk=shipped.candidate_id).update(manifest=TELLS)
    now = timezone.now()
    assert health_of(board(ops)) == "ok: Healthy; Everything runs as planned"
    an_hour_passes()
    assert health_of(board(ops)) == "none: Not asked lately; Everything runs as planned"
    production.update(probed_at=now, probed_release=running.release_id(shipped.candidate))
    assert health_of(board(ops)) == "ok: Healthy; Everything runs as planned"
    production.update(probe_note=reality.UNCLEAR, probed_release="")
    silent = "bad: Does not answer; Production does not answer as it should"
    assert health_of(board(ops)) == silent
    production.update(probe_note=reality.AFTERWARDS)
    assert health_of(board(ops)) == "none: Not asked lately; Everything runs as planned"
    production.update(probe_note="", probe_misses=2, probed_release="24.9+aaaaaaaa")
    assert health_of(board(ops)) == "bad: Something else answers; Production does not answer as it should"


def test_health_by_samples_counts_only_while_they_are_taken(shipped: Deployment, cast: Cast, sign_in: SignIn) -> None:
    ops, now = sign_in(cast.ops), timezone.now()
    an_hour_passes()
    assert health_of(board(ops)).startswith("none: Cannot be asked")
    sample = Sample.objects.create(environment=shipped.environment, at=now, ok=False)
    assert health_of(board(ops)).startswith("bad: Does not answer")
    Sample.objects.filter(pk=sample.pk).update(ok=True)
    assert health_of(board(ops)).startswith("ok: Healthy")
    Sample.objects.filter(pk=sample.pk).update(at=now - timedelta(minutes=10))
    assert health_of(board(ops)).startswith("none: Cannot be asked")


def test_every_place_that_has_a_way_back_offers_it(shipped: Deployment, cast: Cast, sign_in: SignIn) -> None:
    page = board(sign_in(cast.ops))
    assert 'href="/environments/production/roll-back/"' in page and 'href="/environments/dev/roll-back/"' not in page


def test_while_everything_is_stopped_nothing_runs_as_planned(
    places: dict[str, Environment], cast: Cast, sign_in: SignIn
) -> None:
    assert "Everything runs as planned" in board(sign_in(cast.max))
    stops.pull(cast.product, reason="The payment provider is down", by=cast.ops)
    page = board(sign_in(cast.max))
    assert '<h1 id="board-h">Everything is stopped</h1>' in page and "as planned" not in page
