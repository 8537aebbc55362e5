"""The wishlist's page and its heart."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from features.catalogue.models import Product
from features.wishlist.wishlist import Wishlist


def show(request: HttpRequest) -> HttpResponse:
    return render(request, "wishlist/wishlist.html", {"products": Wishlist(request.session).products()})


@require_POST
def toggle(request: HttpRequest, slug: str) -> HttpResponse:
    product = get_object_or_404(Product, slug=slug)
    Wishlist(request.session).toggle(product)
    return redirect(product)
