"""Looking into the basket and changing it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from features.cart.cart import MOST_OF_ONE, Cart, total_cents
from features.cart.forms import QuantityForm
from features.catalogue.models import Product


def show(request: HttpRequest) -> HttpResponse:
    lines = Cart(request.session).lines()
    page = {"lines": lines, "total_cents": total_cents(lines), "most": MOST_OF_ONE}
    return render(request, "cart/cart.html", page)


@require_POST
def add(request: HttpRequest, slug: str) -> HttpResponse:
    product = get_object_or_404(Product, slug=slug)
    Cart(request.session).add(product)
    messages.success(request, f"{product.name} is in your basket.")
    return redirect("cart")


@require_POST
def put(request: HttpRequest, slug: str) -> HttpResponse:
    product = get_object_or_404(Product, slug=slug)
    form = QuantityForm(request.POST)
    if form.is_valid():
        Cart(request.session).put(product, form.cleaned_data["quantity"])
    else:
        messages.error(request, f"Please choose a number from 0 to {MOST_OF_ONE}.")
    return redirect("cart")
