"""Shoe sizes in other countries."""

from shop.features import Feature


class SizeGuideConfig(Feature):
    name = "features.sizeguide"
    slots = {"product_below": "sizeguide/_table.html"}
