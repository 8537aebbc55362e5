"""Storing what the checkout form said about the delivery."""

from collections.abc import Mapping

from django.dispatch import receiver

from features.checkout.models import Order
from features.checkout.signals import order_placed
from features.deliveryslots.models import Window
from features.deliveryslots.services import reserve_courier


@receiver(order_placed)
def reserve_chosen_window(*, order: Order, answers: Mapping[str, str], **signal: object) -> None:
    """Reserve the chosen window; the morning if there is no sensible choice."""
    chosen = answers.get("delivery_window", "")
    reserve_courier(order, chosen if chosen in Window.values else Window.MORNING)
