"""When the courier comes."""

from django.db import models

from features.checkout.models import Order


class Window(models.TextChoices):
    MORNING = "morning", "in the morning, 8 to 12"
    AFTERNOON = "afternoon", "in the afternoon, 12 to 17"
    EVENING = "evening", "in the evening, 17 to 21"


class DeliverySlot(models.Model):
    # No database constraint: a release without this feature may delete orders and would trip over it.
    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="delivery_slot", db_constraint=False)
    window = models.CharField(max_length=20, choices=Window.choices)
    reserved_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.order} {self.get_window_display()}"
