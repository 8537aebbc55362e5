"""product_viewed: sent with `request` and `product` when somebody opens a product's page."""

from django.dispatch import Signal

product_viewed = Signal()
