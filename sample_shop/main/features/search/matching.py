"""Which products answer a customer's words."""

from django.db.models import Q, QuerySet

from features.catalogue.models import Product


def matching(words: str) -> QuerySet[Product]:
    """Products whose name or description contains every word; none for an empty search."""
    found = Product.objects.all()
    for word in words.split():
        found = found.filter(Q(name__icontains=word) | Q(description__icontains=word))
    return found if words.split() else Product.objects.none()
