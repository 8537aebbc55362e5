"""Which variables differ: between environments of one code, between releases, and what one deployment brought."""

from collections.abc import Callable

import pytest
from django.test import Client

from deployments.models import Deployment
from environments import variables
from environments.models import Environment
from lifecycle.models import User
from releases.models import Candidate, Release
from tests.cast import Cast
from tests.deployments.watched import candidate, deployment, environment, release

SignIn = Callable[[User | None], Client]
API = "/api/v1/products/shop"


@pytest.fixture
def production(cast: Cast) -> Environment:
    return environment(cast.product)


@pytest.fixture
def put(cast: Cast) -> Callable[..., None]:
    def run(place: Environment, name: str, value: str, *, is_secret: bool = False) -> None:
        variables.set_variable(place, name=name, value=value, is_secret=is_secret, by=cast.ops)

    return run


def ships(place: Environment, what: Release | Candidate, **facts: object) -> Deployment:
    """Deployed with the variables of this moment, to where something may run already."""
    place.refresh_from_db()
    return deployment(place, what, config_version=place.config_version, **facts)


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_same_code_with_other_variables_does_not_pass_for_the_same(
    production: Environment, cast: Cast, sign_in: SignIn, put: Callable[..., None]
) -> None:
    staging, made = environment(cast.product, Environment.Kind.STAGING), release(cast, "24.10")
    ships(production, made), ships(staging, made)
    client = sign_in(cast.dev)
    same = page(client, "/delta/production..staging/")
    assert "Production and Staging are the same" in same and "Nothing differs" in same
    put(staging, "WISHES", "200")
    one = page(client, "/delta/production..staging/")
    assert "The same code; 1 variable differs" in one and "WISHES" in one
    assert "No code differs" in one and "Nothing differs" not in one and "are the same" not in one
    put(production, "COLOUR", "red")
    assert "The same code; 2 variables differ" in page(client, "/delta/production..staging/")
    found = client.get(f"{API}/delta/production/staging/").json()
    assert (found["headline"], found["status"]) == ("The same code; 2 variables differ", "ready")


def test_two_releases_differ_by_what_production_was_started_with(
    production: Environment, cast: Cast, sign_in: SignIn, put: Callable[..., None]
) -> None:
    put(production, "WISHES", "100")
    ships(production, release(cast, "24.09"))
    put(production, "WISHES", "200")
    put(production, "PAYMENT_KEY", "s3cret-of-the-shop", is_secret=True)
    ships(production, release(cast, "24.10"))
    put(production, "WISHES", "300")
    client = sign_in(cast.dev)
    shown = page(client, "/delta/24.09..24.10/")
    assert "100 → 200" in shown and "PAYMENT_KEY" in shown
    assert "300" not in shown and "s3cret" not in shown
    found = client.get(f"{API}/delta/24.10/24.09/").json()["variables"]
    assert [(row["name"], row["now"]) for row in found] == [("PAYMENT_KEY", None), ("WISHES", "100")]
    assert "200 → 300" in page(client, "/delta/24.10..production/"), "what is set but not deployed yet"


def test_of_a_release_that_was_never_on_production_nobody_claims_that_no_variable_differs(
    production: Environment, cast: Cast, sign_in: SignIn, put: Callable[..., None]
) -> None:
    ships(production, release(cast, "24.10"))
    release(cast, "24.11", Release.Status.FROZEN)
    client = sign_in(cast.dev)
    assert "variable" not in page(client, "/delta/24.10..24.11/").split("Size of the delta")[1].lower()
    assert client.get(f"{API}/delta/24.10/24.11/").json()["variables"] is None
    put(production, "WISHES", "200")
    assert "WISHES" in page(client, "/delta/production..24.11/"), "what the deployment of it would bring"


@pytest.fixture
def pair(production: Environment, cast: Cast, put: Callable[..., None]) -> tuple[Deployment, Deployment]:
    """The same release twice: the second time with a variable more."""
    made = release(cast, "24.10")
    first = ships(production, made)
    put(production, "WISHES", "200")
    return first, ships(production, made, previous=made.candidate)


def test_a_deployment_that_brought_only_variables_says_so_and_leads_to_them(
    pair: tuple[Deployment, Deployment], cast: Cast, sign_in: SignIn
) -> None:
    first, second = pair
    client, delta = sign_in(cast.dev), f"/delta/d{first.pk}..d{second.pk}/"
    shown = page(client, f"/deployments/{second.pk}/")
    assert "No change of ours, only variables" in shown and "WISHES" in shown and "new variable" in shown
    assert delta in shown
    differs = page(client, delta)
    assert "The same code; 1 variable differs" in differs and f"Production, deployment {second.pk}" in differs
    assert f'<option value="d{first.pk}" selected>' in differs
    assert delta not in page(client, f"/deployments/{first.pk}/"), "nothing ran before the first one"


def test_what_is_set_later_does_not_count_for_a_deployment_that_has_begun(
    pair: tuple[Deployment, Deployment], production: Environment, cast: Cast, sign_in: SignIn, put: Callable[..., None]
) -> None:
    _first, second = pair
    put(production, "COLOUR", "red")
    assert "COLOUR" not in page(sign_in(cast.dev), f"/deployments/{second.pk}/")
    nothing_yet = {"status": Deployment.Status.QUEUED, "started_at": None, "verified_at": None, "finished_at": None}
    waits = deployment(production, candidate(cast.product, "24.11"), previous=second.candidate, **nothing_yet)
    assert "COLOUR" in page(sign_in(cast.dev), f"/deployments/{waits.pk}/"), "one that waits is given today's"


def test_the_api_tells_what_a_deployment_brought(
    pair: tuple[Deployment, Deployment], cast: Cast, sign_in: SignIn
) -> None:
    first, second = pair
    client = sign_in(cast.dev)
    found = client.get(f"{API}/deployments/{second.pk}/").json()
    brought = [{"name": "WISHES", "was": None, "now": "200", "is_secret": False}]
    assert (found["variables"], found["previous_deployment"]) == (brought, first.pk)
    assert client.get(f"{API}/delta/d{first.pk}/d{second.pk}/").json()["variables"] == brought
    found = client.get(f"{API}/deployments/{first.pk}/").json()
    assert (found["variables"], found["previous_deployment"]) == (None, None)


def test_a_deployment_of_another_product_is_no_end(
    pair: tuple[Deployment, Deployment], cast: Cast, sign_in: SignIn
) -> None:
    assert sign_in(cast.dev).get("/delta/d999999..d1000000/").status_code == 404
