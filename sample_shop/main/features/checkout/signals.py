"""order_placed: sent inside the order's transaction with `order` and `answers`, the posted form.

A receiver may store what its part of the form said. If it raises, the order is not placed.
"""

from django.dispatch import Signal

order_placed = Signal()
