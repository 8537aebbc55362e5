"""A line in the product's chat, sent by a worker: over https, to no address inside this network, nowhere else.

The host is resolved once and spoken to at that address, so that a name cannot lead inside afterwards.
"""

import http.client
import ipaddress
import json
import socket
import ssl
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _

from environments.models import Environment
from lifecycle import jobs
from lifecycle.jobs import Failed, Lease
from lifecycle.notifications import address_in
from releases.models import Release

SECONDS = 10.0


def later(release: Release, place: Environment) -> None:
    """Say once per build that it waits for approval; nothing without a chat."""
    if release.product.chat_webhook and release.candidate:
        key = f"chat:{release.pk}:{release.candidate.digest[:16]}:{place.config_version}"
        jobs.enqueue("chat", release, product=release.product, key=key)


@jobs.handler("chat")
def send(lease: Lease) -> None:
    """Post the link; nothing when the release does not wait any more. Failed says why the chat did not take it."""
    release = Release.objects.select_related("product").get(pk=lease.row.subject_id)
    if release.is_frozen and release.product.chat_webhook:
        post(release.product.chat_webhook, text_of(release))


def text_of(release: Release) -> str:
    url = address_in(release.product, reverse("deployments:approve", args=[release.version]))
    said = _("Release %(version)s of %(product)s waits for approval:") % {
        "version": release,
        "product": release.product,
    }
    return f"{said} {settings.PUBLIC_URL}{url}"


def require_possible(url: str) -> None:
    """ValidationError for anything but an https address of a named host; who it is, a worker sees later."""
    parts = urlsplit(url)
    if url and (parts.scheme != "https" or not parts.hostname or parts.username or _is_inside(parts.hostname)):
        raise ValidationError({"chat_webhook": _("Only an https address outside this network.")})


def post(url: str, text: str) -> None:
    """One POST, no redirects. Failed, with the reason, unless the answer is a yes."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise Failed("only https addresses are spoken to")
    port = parts.port or 443
    body, path = json.dumps({"text": text}), parts.path or "/"
    try:
        speaking = Pinned(parts.hostname, address_of(parts.hostname, port), port)
        speaking.request("POST", f"{path}?{parts.query}" if parts.query else path, body, HEADERS)
        status = speaking.getresponse().status
        speaking.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Failed(f"the chat did not answer: {error}") from error
    if not 200 <= status < 300:
        raise Failed(f"the chat answered {status}")


HEADERS = {"Content-Type": "application/json", "User-Agent": "Lifecycle"}


def address_of(host: str, port: int) -> str:
    """Where this name leads. Failed if that is inside: every one of its addresses has to be public."""
    found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    inside = sorted(address for address in found if _is_inside(address))
    if inside or not found:
        raise Failed(f"{host} leads to {', '.join(inside) or 'nowhere'}, which is not outside this network")
    return sorted(found)[0]


def _is_inside(address: str) -> bool:
    """Whether an address is not public; a name is asked for its addresses first."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address == "localhost" or address.endswith((".localhost", ".local", ".internal"))
    mapped = getattr(found, "ipv4_mapped", None)
    return not (mapped or found).is_global or found.is_multicast


class Pinned(http.client.HTTPSConnection):
    """Speaks to this address, and believes the certificate of the name."""

    def __init__(self, host: str, address: str, port: int) -> None:
        super().__init__(host, port, timeout=SECONDS, context=ssl.create_default_context())
        self.address = address

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.port), timeout=SECONDS)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
