"""What this visitor looked at before."""

from shop.features import Feature


class RecentlyViewedConfig(Feature):
    name = "features.recentlyviewed"
    position = 90
    slots = {"product_below": "recentlyviewed/_row.html"}
