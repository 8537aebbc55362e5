"""Finding a product by words."""

from shop.features import Feature


class SearchConfig(Feature):
    name = "features.search"
    url_prefix = "search/"
    position = 10
    slots = {"header_extras": "search/_box.html"}
