"""The basket: {slug: quantity} in the session."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from features.catalogue.models import Product

SESSION_KEY = "cart"
MOST_OF_ONE = 20


@dataclass(frozen=True)
class Line:
    """A product in the basket and how many of it."""

    product: Product
    quantity: int

    @property
    def cents(self) -> int:
        return self.product.price_cents * self.quantity


class Cart:
    """The basket of one session; quantities stay between 1 and `MOST_OF_ONE`."""

    def __init__(self, session: MutableMapping[str, Any]) -> None:
        self.session = session
        self.quantities: dict[str, int] = dict(session.get(SESSION_KEY, {}))

    def add(self, product: Product, quantity: int = 1) -> None:
        self.put(product, self.quantities.get(product.slug, 0) + quantity)

    def put(self, product: Product, quantity: int) -> None:
        """Have exactly `quantity` of the product in the basket; 0 or less removes it."""
        self.quantities[product.slug] = min(quantity, MOST_OF_ONE)
        if quantity <= 0:
            del self.quantities[product.slug]
        self.session[SESSION_KEY] = self.quantities

    def clear(self) -> None:
        self.quantities = {}
        self.session.pop(SESSION_KEY, None)

    def count(self) -> int:
        """How many pieces are in the basket."""
        return sum(self.quantities.values())

    def lines(self) -> list[Line]:
        """The contents in the shop's order; a product no longer sold has left the basket."""
        products = Product.objects.filter(slug__in=self.quantities)
        return [Line(product, self.quantities[product.slug]) for product in products]


def total_cents(lines: list[Line]) -> int:
    return sum(line.cents for line in lines)
