"""Choosing when the courier comes."""

from shop.features import Feature


class DeliverySlotsConfig(Feature):
    name = "features.deliveryslots"
    slots = {
        "checkout_extras": "deliveryslots/_choice.html",
        "order_extras": "deliveryslots/_thanks.html",
    }
