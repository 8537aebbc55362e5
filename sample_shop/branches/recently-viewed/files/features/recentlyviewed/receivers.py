"""Noticing what is looked at."""

from django.dispatch import receiver
from django.http import HttpRequest

from features.catalogue.models import Product
from features.catalogue.signals import product_viewed
from features.recentlyviewed.recent import remember


@receiver(product_viewed)
def remember_product(*, request: HttpRequest, product: Product, **signal: object) -> None:
    remember(request.session, product)
