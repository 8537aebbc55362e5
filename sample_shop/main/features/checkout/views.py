"""The checkout form and the page of thanks."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from features.cart.cart import Cart, Line, total_cents
from features.catalogue.stock import OutOfStock
from features.checkout.counting import counted_checkout
from features.checkout.forms import CheckoutForm
from features.checkout.models import Order
from features.checkout.services import place_order

LAST_ORDER = "last_order"


@require_http_methods(["GET", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    lines = Cart(request.session).lines()
    if not lines:
        messages.info(request, "Your basket is empty, so there is nothing to pay for.")
        return redirect("cart")
    if request.method == "GET":
        return _form_page(request, CheckoutForm(), lines)
    form = CheckoutForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, lines, status=422)
    return _place(request, form, lines)


def thanks(request: HttpRequest) -> HttpResponse:
    """Only the visitor who placed the order sees it."""
    order = get_object_or_404(Order, pk=request.session.get(LAST_ORDER))
    return render(request, "checkout/thanks.html", {"order": order, "lines": order.lines.all()})


def _place(request: HttpRequest, form: CheckoutForm, lines: list[Line]) -> HttpResponse:
    try:
        with counted_checkout():
            order = place_order(key=form.order_key(), customer=form.customer(), lines=lines, answers=request.POST)
    except OutOfStock as shortage:
        form.add_error(None, f"{shortage} Please change your basket.")
        return _form_page(request, form, lines, status=409)
    Cart(request.session).clear()
    request.session[LAST_ORDER] = order.pk
    return redirect("thanks")


def _form_page(request: HttpRequest, form: CheckoutForm, lines: list[Line], *, status: int = 200) -> HttpResponse:
    page = {"form": form, "lines": lines, "total_cents": total_cents(lines)}
    return render(request, "checkout/checkout.html", page, status=status)
