"""While the database does not answer people are told so, and machines when to ask again."""

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from lifecycle import products
from lifecycle.models import Product


@pytest.fixture
def visitor(shop: Product) -> Client:
    return Client(raise_request_exception=False)


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def by_host(*_: object) -> None:
        raise error

    monkeypatch.setattr(products, "by_host", by_host)


@pytest.mark.parametrize("error", [OperationalError("the server closed the connection"), InterfaceError("closed")])
def test_a_page_says_that_it_passes(visitor: Client, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    fail_with(monkeypatch, error)
    answer = visitor.get("/ideas/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "does not answer just now" in answer.text


def test_the_api_says_so_as_problem_details(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def by_slug(*_: object) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(products, "by_slug", by_slug)
    answer = visitor.get("/api/v1/products/shop/deployments/")
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["title"] == "Ask again in a moment"


def test_a_mistake_of_ours_is_still_called_one(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, ZeroDivisionError())
    assert visitor.get("/ideas/").status_code == 500
