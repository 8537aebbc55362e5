"""How much is missing to free delivery."""

from shop.features import Feature


class FreeDeliveryConfig(Feature):
    name = "features.freedelivery"
    slots = {"head_extras": "freedelivery/_head.html"}
