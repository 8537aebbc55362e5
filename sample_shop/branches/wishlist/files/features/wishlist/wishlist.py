"""The wishlist: slugs in the session, newest first."""

from collections.abc import MutableMapping
from typing import Any

from features.catalogue.models import Product

SESSION_KEY = "wishlist"
LONGEST = 50


class Wishlist:
    """What one visitor has kept, at most `LONGEST` products."""

    def __init__(self, session: MutableMapping[str, Any]) -> None:
        self.session = session
        self.slugs: list[str] = list(session.get(SESSION_KEY, []))

    def __contains__(self, product: Product) -> bool:
        return product.slug in self.slugs

    def __len__(self) -> int:
        return len(self.slugs)

    def toggle(self, product: Product) -> None:
        """Keep the product, or let it go if it was kept."""
        others = [slug for slug in self.slugs if slug != product.slug]
        self.slugs = others if product in self else [product.slug, *others][:LONGEST]
        self.session[SESSION_KEY] = self.slugs

    def products(self) -> list[Product]:
        """The kept products that are still sold, newest first."""
        found = Product.objects.in_bulk(self.slugs, field_name="slug")
        return [found[slug] for slug in self.slugs if slug in found]
