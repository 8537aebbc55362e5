"""{% recently_viewed as products %}: what was seen before the product of this page."""

from django import template
from django.template import Context

from features.catalogue.models import Product
from features.recentlyviewed.recent import seen_before

register = template.Library()


@register.simple_tag(takes_context=True)
def recently_viewed(context: Context) -> list[Product]:
    return seen_before(context["request"].session, current=context["product"])
