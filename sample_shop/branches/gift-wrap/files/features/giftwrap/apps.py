"""Wrapping an order as a present."""

from shop.features import Feature


class GiftWrapConfig(Feature):
    name = "features.giftwrap"
    slots = {
        "checkout_extras": "giftwrap/_option.html",
        "order_extras": "giftwrap/_thanks.html",
    }
