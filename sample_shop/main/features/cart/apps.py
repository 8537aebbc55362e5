"""The basket, kept in the signed session cookie."""

from shop.features import Feature


class CartConfig(Feature):
    name = "features.cart"
    url_prefix = "cart/"
    position = 90
    slots = {"header_extras": "cart/_button.html", "product_extras": "cart/_add.html"}
