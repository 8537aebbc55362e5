"""Taking products off the shelf and filling it again."""

from django.db.models import F

from features.catalogue.models import Product

LOW = 10


class OutOfStock(Exception):
    """Fewer pieces are left than somebody wants to buy."""

    def __init__(self, product: Product) -> None:
        super().__init__(f"We have only {product.stock} of “{product.name}” left.")
        self.product = product


def take(product: Product, quantity: int) -> None:
    """Take `quantity` pieces; raises `OutOfStock` and takes none if there are fewer."""
    enough = Product.objects.filter(pk=product.pk, stock__gte=quantity)
    if not enough.update(stock=F("stock") - quantity):
        product.refresh_from_db(fields=["stock"])
        raise OutOfStock(product)
    _refill(product)


def _refill(product: Product) -> None:
    """The supplier fills a low shelf at once; limited editions (`restock_to` 0) run out."""
    low = Product.objects.filter(pk=product.pk, stock__lt=LOW, restock_to__gt=LOW)
    low.update(stock=F("restock_to"))
