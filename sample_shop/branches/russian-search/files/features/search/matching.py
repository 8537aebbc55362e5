"""Which products answer a customer's words, in English or Russian."""

from features.catalogue.models import Product


def matching(words: str) -> list[Product]:
    """Products whose names or description contain every word; none for an empty search."""
    wanted = fold(words).split()
    if not wanted:
        return []
    return [product for product in Product.objects.all() if _answers(product, wanted)]


def fold(text: str) -> str:
    """One spelling for all cases and for е and ё."""
    return text.casefold().replace("ё", "е")


def _answers(product: Product, wanted: list[str]) -> bool:
    text = fold(f"{product.name} {product.name_ru} {product.description}")
    return all(word in text for word in wanted)
