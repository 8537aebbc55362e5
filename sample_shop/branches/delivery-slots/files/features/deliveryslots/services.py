"""Reserving a courier for an order."""

import time
from datetime import timedelta

from django.utils import timezone

from features.checkout.models import Order
from features.deliveryslots.models import DeliverySlot

COURIERS = 4
CONFIRMED_AFTER = timedelta(seconds=90)
PATIENCE_SECONDS = 2.0
PAUSE_SECONDS = 0.1


class NoCourierFree(Exception):
    """All couriers stayed busy for `PATIENCE_SECONDS`."""


def reserve_courier(order: Order, window: str) -> None:
    """Hold a courier for the order, as soon as one is free; raises `NoCourierFree`."""
    _wait_for_courier()
    DeliverySlot.objects.create(order=order, window=window, reserved_at=timezone.now())


def busy_couriers() -> int:
    """How many couriers are held by orders the warehouse has not confirmed yet."""
    return DeliverySlot.objects.filter(reserved_at__gt=timezone.now() - CONFIRMED_AFTER).count()


def _wait_for_courier() -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while busy_couriers() >= COURIERS:
        if time.monotonic() > deadline:
            raise NoCourierFree
        time.sleep(PAUSE_SECONDS)
