"""The slugs of the last products seen, newest first, in the session."""

from collections.abc import Mapping, MutableMapping
from typing import Any

from features.catalogue.models import Product

SESSION_KEY = "recently_viewed"
SHOWN = 4


def remember(session: MutableMapping[str, Any], product: Product) -> None:
    """Put the product in front of those seen before."""
    others = [slug for slug in session.get(SESSION_KEY, []) if slug != product.slug]
    # One more than is shown: the page being looked at leaves itself out.
    session[SESSION_KEY] = [product.slug, *others][: SHOWN + 1]


def seen_before(session: Mapping[str, Any], *, current: Product) -> list[Product]:
    """Up to `SHOWN` products seen before `current`, newest first."""
    slugs = [slug for slug in session.get(SESSION_KEY, []) if slug != current.slug][:SHOWN]
    found = Product.objects.in_bulk(slugs, field_name="slug")
    return [found[slug] for slug in slugs if slug in found]
