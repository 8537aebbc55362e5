"""Health, backup and preparation of the database."""

from shop.features import Feature


class OperationsConfig(Feature):
    name = "features.operations"
    url_prefix = "health"
