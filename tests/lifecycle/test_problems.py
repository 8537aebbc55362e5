"""Refusals: the same sentence as a page for people and as problem details for programs."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.test import Client, RequestFactory
from rest_framework import exceptions

from lifecycle import error_views
from lifecycle.middleware import DomainErrors
from lifecycle.problems import handler
from lifecycle.transitions import NotAllowed
from tests.cast import Cast

ERRORS = [
    (NotAllowed("It is live already."), 409, "It is live already."),
    (PermissionDenied("Only managers."), 403, "Only managers."),
    (PermissionDenied(), 403, "You may not do this."),
    (Http404(), 404, "There is nothing at this address."),
    (exceptions.NotAuthenticated(), 401, "Authentication credentials were not provided."),
    (exceptions.MethodNotAllowed("PUT"), 405, 'Method "PUT" not allowed.'),
    (exceptions.ParseError(), 400, "Malformed request."),
    (exceptions.Throttled(), 429, "Request was throttled."),
]


@pytest.mark.parametrize(("error", "status", "detail"), ERRORS, ids=[str(status) for _e, status, _d in ERRORS])
def test_every_refusal_has_one_shape(error: Exception, status: int, detail: str) -> None:
    answer = handler(error, {})
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.data["detail"] == detail
    assert answer.data["title"]


def test_wrong_fields_are_named() -> None:
    answer = handler(ValidationError({"title": ["Say more."]}), {})
    assert (answer.status_code, answer.data["errors"]) == (422, {"title": ["Say more."]})
    assert handler(ValidationError("All wrong."), {}).data["errors"] == {"__all__": ["All wrong."]}
    assert handler(exceptions.ValidationError({"n": ["No number."]}), {}).data["errors"] == {"n": ["No number."]}


def test_an_error_nobody_expected_is_not_dressed_up() -> None:
    assert handler(RuntimeError("bug"), {}) is None


def test_a_program_gets_json_even_when_the_server_breaks() -> None:
    answer = error_views.server_error(RequestFactory().get("/api/v1/x/"))
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")


@pytest.mark.django_db
def test_a_wrong_state_is_a_page_that_says_the_reason(cast: Cast) -> None:
    request = RequestFactory().get("/")
    request.actor, request.product, request.user = cast.actor(cast.cleo), cast.product, cast.cleo
    answer = DomainErrors(lambda request: None).process_exception(request, NotAllowed("A tester holds staging."))
    assert answer.status_code == 409
    assert "A tester holds staging." in answer.content.decode()
    assert DomainErrors(lambda request: None).process_exception(request, RuntimeError()) is None


@pytest.mark.django_db
def test_an_unknown_address_is_a_page_of_ours(cast: Cast, client: Client) -> None:
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


@pytest.mark.django_db
def test_without_any_product_it_still_answers_with_a_page(client: Client) -> None:
    assert client.get("/ideas/").status_code == 404


@pytest.mark.django_db
def test_a_broken_page_says_sorry_without_details() -> None:
    request = RequestFactory().get("/")
    answer = error_views.server_error(request)
    assert answer.status_code == 500
    assert "Traceback" not in answer.content.decode()
