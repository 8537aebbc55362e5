"""A test shop that opens by invitation only."""

from shop.features import Feature


class PreviewConfig(Feature):
    name = "features.preview"
    url_prefix = "preview/"
