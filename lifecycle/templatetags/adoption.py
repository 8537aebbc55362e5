"""What the repository's page says of what runs today: `{% load adoption %}`."""

from django import template

from deployments.pages import adopted
from lifecycle.models import Product

register = template.Library()


@register.simple_tag
def runs_today(product: Product) -> adopted.Adopted:
    """What was recorded as candidate 0, or the form to say so."""
    return adopted.adopted(product)
