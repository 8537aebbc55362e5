"""Counting what happens, for Prometheus."""

from shop.features import Feature


class MetricsConfig(Feature):
    name = "features.metrics"
    url_prefix = "metrics"
