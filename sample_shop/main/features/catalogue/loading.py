"""The seed catalogue: products.json beside this file is what the shop sells."""

import json
from pathlib import Path

from django.db import transaction

from features.catalogue.models import Product

SOURCE = Path(__file__).with_name("products.json")


@transaction.atomic
def load_catalogue() -> int:
    """Add missing products and update the texts and prices of known ones; stock is left alone. Returns how many."""
    entries = json.loads(SOURCE.read_text(encoding="utf-8"))
    for position, entry in enumerate(entries):
        shelf = {"stock": entry.pop("stock"), "restock_to": entry.pop("restock_to")}
        facts = {**entry, "position": position}
        Product.objects.update_or_create(slug=facts.pop("slug"), defaults=facts, create_defaults={**facts, **shelf})
    return len(entries)
