"""The demo's applications follow the launcher's ports, which are others when something took them meanwhile."""

from contextlib import suppress

from django.conf import settings
from django.db import transaction

from deployments import running, services
from environments.models import Environment
from lifecycle.events import By
from lifecycle.models import Product
from lifecycle.transitions import NotAllowed


def follow_ports(product: Product, *, by: By) -> list[Environment]:
    """The environments that moved. What runs there is started anew at its new port: nothing else would answer again."""
    return [place for place in product.environments.in_use().order_by("pk") if _follow(place, by)]


@transaction.atomic
def _follow(environment: Environment, by: By) -> bool:
    port, had = settings.SHOP_PORTS.get(environment.slug), environment.driver_settings.get("port")
    if environment.driver != "process" or None in (port, had) or port == had:
        return False
    environment.driver_settings = {**environment.driver_settings, "port": port}
    environment.url = environment.url.replace(f":{had}", f":{port}")
    environment.save(update_fields=["driver_settings", "url"])
    if (current := running.current(environment)) is not None:
        reason = f"Port {had} is taken by something else; {port} is free."
        with suppress(NotAllowed):  # everything was stopped: whoever lifts that deploys it
            services.request(environment, current.candidate, by=by, release=current.release, reason=reason)
    return True
