"""The cast: the same people in tests, in the demo and in the pictures."""

from collections.abc import Callable
from dataclasses import dataclass

from django.test import Client

from lifecycle.models import Product, User
from lifecycle.roles import Actor, actor_for
from lifecycle.story import people

SignIn = Callable[[User | None], Client]


@dataclass
class Cast:
    """Everybody, by name, in one product."""

    product: Product
    cleo: User
    carl: User
    dev: User
    lena: User
    petra: User
    tess: User
    max: User
    ops: User

    def actor(self, user: User | None) -> Actor:
        return actor_for(user, self.product) if user else Actor(None, self.product)


def assemble(product: Product) -> Cast:
    """Create the cast as members of `product`."""
    return Cast(product=product, **people.assemble(product))
