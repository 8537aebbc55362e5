"""Placing an order."""

import uuid
from collections.abc import Mapping

from django.db import transaction

from features.cart.cart import Line, total_cents
from features.catalogue.stock import take
from features.checkout.models import Order, OrderLine
from features.checkout.signals import order_placed


@transaction.atomic
def place_order(*, key: uuid.UUID, customer: Mapping[str, str], lines: list[Line], answers: Mapping[str, str]) -> Order:
    """Take the lines off the shelf and write the order; all or nothing.

    The order already placed with this `key` is returned as it is. Raises `OutOfStock`.
    """
    if placed := Order.objects.filter(key=key).first():
        return placed
    for line in lines:
        take(line.product, line.quantity)
    order = Order.objects.create(key=key, total_cents=total_cents(lines), **customer)
    OrderLine.objects.bulk_create(_kept(order, line) for line in lines)
    order_placed.send(sender=Order, order=order, answers=answers)
    return order


def _kept(order: Order, line: Line) -> OrderLine:
    product = line.product
    return OrderLine(
        order=order,
        slug=product.slug,
        name=product.name,
        price_cents=product.price_cents,
        quantity=line.quantity,
    )
