"""{% picture product %}: the product's drawing in the colours of its category."""

from django import template

from features.catalogue.models import Product

register = template.Library()


@register.inclusion_tag("catalogue/_picture.html")
def picture(product: Product) -> dict[str, Product]:
    return {"product": product}
