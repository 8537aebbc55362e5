"""The wish to have an order wrapped."""

from django.db import models

from features.checkout.models import Order

LONGEST_CARD = 200


class GiftWrap(models.Model):
    # No database constraint: a release without this feature may delete orders and would trip over it.
    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="gift_wrap", db_constraint=False)
    card = models.CharField(max_length=LONGEST_CARD, blank=True, help_text="What is written on the card.")

    def __str__(self) -> str:
        return f"{self.order} as a present"
