"""Named sets of test data for the environments where testers work."""

from collections.abc import Callable

from django.db import transaction

from features.cart.cart import Line
from features.catalogue.loading import load_catalogue
from features.catalogue.models import Product
from features.checkout.models import Order
from features.checkout.services import place_order

TESS = {"name": "Tess Tester", "email": "tess@northwind.test", "address": "1 Harbour Road, Bergen"}


def standard() -> None:
    """Full shelves and three orders of Tess."""
    for number, product in enumerate(Product.objects.all()[:3], start=1):
        key = f"00000000-0000-4000-8000-{number:012d}"
        place_order(key=key, customer=TESS, lines=[Line(product, number)], answers={})


def sold_out() -> None:
    """Empty shelves, no orders."""
    Product.objects.update(stock=0)


SETS: dict[str, Callable[[], None]] = {"standard": standard, "sold-out": sold_out}


@transaction.atomic
def restore(name: str) -> None:
    """Replace all orders and stock by the set called `name`, a key of `SETS`."""
    Order.objects.all().delete()
    Product.objects.all().delete()
    load_catalogue()
    SETS[name]()
