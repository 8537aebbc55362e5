"""What a page of another app says about the proofs that are being taken: `{% load proofs %}`."""

from django import template

from deployments import proofs
from lifecycle.models import Product

register = template.Library()


@register.simple_tag
def rehearsal_note(product: Product) -> str:
    """Why staging runs something else for some seconds; "" at all other times."""
    return proofs.note(product)
