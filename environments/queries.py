"""Loading environments for people, and what is often asked about them."""

from django.shortcuts import get_object_or_404

from environments.models import Environment
from lifecycle.models import Product
from lifecycle.roles import Actor


def get_environment_for(actor: Actor, slug: str) -> Environment:
    """The product's environment with this short name; Http404 otherwise."""
    return get_object_or_404(Environment.objects.select_related("product"), product=actor.product, slug=slug)


def of_kind(product: Product, kind: str) -> Environment | None:
    """The product's first environment of a kind that can be deployed to, e.g. Environment.Kind.STAGING."""
    rows = Environment.objects.filter(product=product, kind=kind).ready()
    return rows.select_related("product", "held_by").first()
