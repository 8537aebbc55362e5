"""What "Find" knows of deliveries: deployments by number, candidates by commit, environments by name."""

import re
from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from deployments.models import Deployment
from lifecycle.inbox import Hit
from lifecycle.roles import Actor

LIMIT = 5
NUMBER = re.compile(r"#?(\d{1,9})")
SHA = re.compile(r"[0-9a-f]{4,40}")


def find(actor: Actor, words: str) -> list[Hit]:
    """The team's deliveries that these words name; customers find none."""
    text = words.strip().lower()
    if not actor.may("see_team_pages") or not text:
        return []
    return [*by_number(actor, text), *by_commit(actor, text), *by_environment(actor, text)][: 2 * LIMIT]


def by_number(actor: Actor, text: str) -> Iterator[Hit]:
    found = NUMBER.fullmatch(text)
    rows = Deployment.objects.filter(product=actor.product).select_related("environment", "candidate")
    for row in rows.filter(pk=int(found[1])) if found else ():
        yield hit(row)


def by_commit(actor: Actor, text: str) -> Iterator[Hit]:
    """The newest deployments of a candidate whose commit or digest begins so."""
    if not SHA.fullmatch(text):
        return
    rows = Deployment.objects.filter(product=actor.product).select_related("environment", "candidate")
    by_sha = rows.filter(candidate__sha__startswith=text) | rows.filter(digest__startswith=text)
    yield from map(hit, by_sha.order_by("-id")[:LIMIT])


def by_environment(actor: Actor, text: str) -> Iterator[Hit]:
    for place in actor.product.environments.filter(name__icontains=text)[:LIMIT]:
        url = reverse("deployments:history", args=[place.slug])
        yield Hit(place.name, _("Environment"), url, "server")


def hit(row: Deployment) -> Hit:
    title = _("Deployment %(id)s: %(candidate)s to %(environment)s") % {
        "id": row.pk,
        "candidate": row.candidate,
        "environment": row.environment,
    }
    return Hit(title, str(row.get_status_display()), reverse("deployments:detail", args=[row.pk]), "rocket")
