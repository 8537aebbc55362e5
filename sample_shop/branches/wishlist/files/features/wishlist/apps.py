"""Things to come back to, kept in the session."""

from shop.features import Feature


class WishlistConfig(Feature):
    name = "features.wishlist"
    url_prefix = "wishlist/"
    position = 80
    slots = {
        "head_extras": "wishlist/_head.html",
        "header_extras": "wishlist/_button.html",
        "product_extras": "wishlist/_heart.html",
    }
