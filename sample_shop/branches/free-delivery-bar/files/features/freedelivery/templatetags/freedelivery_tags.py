"""{% missing_cents as missing %}: what this basket lacks to free delivery, 0 if it is reached."""

from django import template
from django.template import Context

from features.cart.cart import Cart, total_cents

FREE_FROM_CENTS = 6000

register = template.Library()


@register.simple_tag(takes_context=True)
def missing_cents(context: Context) -> int:
    lines = Cart(context["request"].session).lines()
    return max(0, FREE_FROM_CENTS - total_cents(lines))


@register.simple_tag
def free_from_cents() -> int:
    return FREE_FROM_CENTS
