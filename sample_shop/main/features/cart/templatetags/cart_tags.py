"""{% cart_count as pieces %}: how many pieces this visitor's basket holds."""

from django import template
from django.template import Context

from features.cart.cart import Cart

register = template.Library()


@register.simple_tag(takes_context=True)
def cart_count(context: Context) -> int:
    return Cart(context["request"].session).count()
