"""A header that stays in sight."""

from shop.features import Feature


class StickyHeaderConfig(Feature):
    name = "features.stickyheader"
    slots = {"head_extras": "stickyheader/_head.html"}
