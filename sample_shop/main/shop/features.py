"""How a feature plugs in: a folder below features/, with no line changed anywhere else.

The folder is a Django app whose apps.py holds one `Feature`. It may also hold
- urls.py: its pages, routed below `url_prefix`
- middleware.py: one function, `middleware`
- receivers.py: receivers of other features' signals
- templates for the places the shop offers, named in `slots`: head_extras, header_extras, home_extras, product_extras,
  product_below, cart_extras, checkout_extras (inside the form) and order_extras.
"""

from importlib import import_module
from pathlib import Path
from typing import ClassVar

from django.apps import AppConfig, apps
from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import module_has_submodule


class Feature(AppConfig):
    """One thing the shop can do; `position` orders features within a slot, lowest first."""

    url_prefix = ""
    position = 50
    slots: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls) -> None:
        # An apps.py holds two candidates, this imported class and its own: Django takes the default one.
        cls.default = True

    def ready(self) -> None:
        if module_has_submodule(self.module, "receivers"):
            import_module(f"{self.name}.receivers")


def discover(folder: Path) -> list[str]:
    """Dotted names of the features below `folder`, in alphabetical order."""
    return sorted(f"{folder.name}.{found.parent.name}" for found in folder.glob("*/apps.py"))


def discover_middleware(folder: Path) -> list[str]:
    """Dotted names of `middleware` in every feature that has a middleware.py."""
    found = sorted(file.parent.name for file in folder.glob("*/middleware.py"))
    return [f"{folder.name}.{name}.middleware.middleware" for name in found]


def installed() -> list[Feature]:
    """The features of this release in the order their slots are shown."""
    features = [config for config in apps.get_app_configs() if isinstance(config, Feature)]
    return sorted(features, key=lambda feature: (feature.position, feature.label))


def slot_templates(slot: str) -> list[str]:
    """Names of the templates that features put into `slot`."""
    return [feature.slots[slot] for feature in installed() if slot in feature.slots]


def url_patterns() -> list[URLPattern | URLResolver]:
    """The routes of every feature that has pages."""
    return [
        path(feature.url_prefix, include(f"{feature.name}.urls"))
        for feature in installed()
        if module_has_submodule(feature.module, "urls")
    ]
