"""Fixtures that every app's tests share."""

from collections.abc import Callable

import pytest
from django.test import Client

from lifecycle.models import Product, User
from tests.cast import Cast, assemble


@pytest.fixture
def shop(db: None) -> Product:
    return Product.objects.create(
        name="Northwind shop", slug="shop", is_default=True, watch_minutes=2, sample_seconds=2
    )


@pytest.fixture
def cast(shop: Product) -> Cast:
    return assemble(shop)


@pytest.fixture
def sign_in() -> Callable[[User | None], Client]:
    """`sign_in(cast.petra)` is a client that is signed in as Petra; `sign_in(None)` a visitor's."""

    def client_for(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return client_for
