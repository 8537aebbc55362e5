"""One's own product in one command: complete, or not there at all."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from environments.models import Environment
from lifecycle.models import Membership, Product, Role
from releases.models import Candidate
from sample_shop import build

pytestmark = pytest.mark.django_db
ADMIN = "--admin=you@example.org"


@pytest.fixture
def repository(settings, tmp_path: Path) -> str:  # noqa: ANN001
    settings.VAR = tmp_path / "var"
    settings.SHOP_PORTS = {"dev": 9101, "staging": 9102, "production": 9103}
    build.build(tmp_path / "shop.git")
    return str(tmp_path / "shop.git")


def test_it_makes_environments_an_administrator_and_candidate_zero(repository: str) -> None:
    call_command("setup_product", "shop", "My shop", repository, ADMIN)
    product = Product.objects.get(is_default=True)
    assert [place.kind for place in product.environments.all()] == list(Environment.Kind)
    member = Membership.objects.get(product=product)
    assert member.user.is_admin and set(member.roles) == set(Role)
    assert Candidate.objects.get(product=product).purpose == Candidate.Purpose.ADOPTED


def test_a_second_product_has_ports_of_its_own(repository: str) -> None:
    call_command("setup_product", "shop", "My shop", repository, ADMIN)
    call_command("setup_product", "second", "Another", repository, ADMIN)
    ports = [place.driver_settings["port"] for place in Environment.objects.all()]
    assert len(set(ports)) == 6


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["{repository}-nowhere"], "does not answer"),
        (["{repository}", "--main=nothing"], "no branch"),
        (["ext::sh -c true"], "must be https"),
    ],
)
def test_what_cannot_be_connected_leaves_nothing(repository: str, arguments: list[str], why: str) -> None:
    chosen = [argument.replace("{repository}", repository) for argument in arguments]
    with pytest.raises(CommandError, match=why):
        call_command("setup_product", "shop", "My shop", *chosen, ADMIN)
    assert not Product.objects.exists()


def test_a_name_is_taken_once(repository: str) -> None:
    call_command("setup_product", "shop", "My shop", repository, ADMIN)
    with pytest.raises(CommandError, match="already"):
        call_command("setup_product", "shop", "My shop", repository, ADMIN)
