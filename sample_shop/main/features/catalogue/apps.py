"""What the shop sells."""

from shop.features import Feature


class CatalogueConfig(Feature):
    name = "features.catalogue"
