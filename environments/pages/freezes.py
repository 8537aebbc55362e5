"""What freezes.html shows: windows in the product's time zone."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from environments import freezes
from environments.models import Freeze
from environments.pages.words import moment_in
from lifecycle.models import Product


@dataclass(frozen=True)
class Window:
    """A freeze with its ends in words."""

    freeze: Freeze
    starts: str
    ends: str
    is_now: bool


def overview(product: Product) -> dict[str, Any]:
    """The windows in force or to come, and whose clock they follow."""
    return {"freezes": [window(one, product) for one in freezes.coming(product)], "zone": product.time_zone}


def window(freeze: Freeze, product: Product) -> Window:
    starts, ends = moment_in(product, freeze.starts_at), moment_in(product, freeze.ends_at)
    return Window(freeze, starts, ends, freeze.starts_at <= timezone.now())


def as_initial(freeze: Freeze) -> dict[str, Any]:
    return {"reason": freeze.reason, "starts_at": freeze.starts_at, "ends_at": freeze.ends_at}
