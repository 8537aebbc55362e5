"""The shop window and a product's page."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from features.catalogue.models import Category, Product
from features.catalogue.signals import product_viewed


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "catalogue/home.html", {"products": Product.objects.all(), "categories": Category})


def category(request: HttpRequest, slug: str) -> HttpResponse:
    if slug not in Category.values:
        raise Http404
    products = Product.objects.filter(category=slug)
    page = {"products": products, "categories": Category, "current": Category(slug)}
    return render(request, "catalogue/home.html", page)


def product(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Product, slug=slug)
    page = render(request, "catalogue/product.html", {"product": shown})
    product_viewed.send(sender=Product, request=request, product=shown)
    return page
