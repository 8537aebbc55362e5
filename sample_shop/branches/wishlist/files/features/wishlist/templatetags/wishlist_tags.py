"""{% wishlist as kept %}: this visitor's wishlist."""

from django import template
from django.template import Context

from features.wishlist.wishlist import Wishlist

register = template.Library()


@register.simple_tag(takes_context=True)
def wishlist(context: Context) -> Wishlist:
    return Wishlist(context["request"].session)
