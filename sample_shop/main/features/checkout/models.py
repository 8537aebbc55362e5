"""Orders as they were placed: names and prices are kept, whatever the catalogue says later."""

import uuid

from django.db import models

FIRST_NUMBER = 1000


class Order(models.Model):
    """A placed order. `key` comes from the form: sending the same form twice gives one order."""

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    name = models.CharField(max_length=100)
    email = models.EmailField()
    address = models.TextField(max_length=500)
    total_cents = models.PositiveIntegerField()
    placed_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"NW-{FIRST_NUMBER + self.pk}"


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    slug = models.SlugField()
    name = models.CharField(max_length=80)
    price_cents = models.PositiveIntegerField()
    quantity = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    @property
    def cents(self) -> int:
        return self.price_cents * self.quantity
