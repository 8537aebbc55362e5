"""Storing what the checkout form said about wrapping."""

from collections.abc import Mapping

from django.dispatch import receiver

from features.checkout.models import Order
from features.checkout.signals import order_placed
from features.giftwrap.models import LONGEST_CARD, GiftWrap


@receiver(order_placed)
def remember_wish(*, order: Order, answers: Mapping[str, str], **signal: object) -> None:
    """Keep the card's words if the box was ticked."""
    if answers.get("gift_wrap"):
        GiftWrap.objects.create(order=order, card=answers.get("gift_card", "").strip()[:LONGEST_CARD])
