"""Turning a basket into an order."""

from shop.features import Feature


class CheckoutConfig(Feature):
    name = "features.checkout"
    url_prefix = "checkout/"
    slots = {"cart_extras": "checkout/_begin.html"}
