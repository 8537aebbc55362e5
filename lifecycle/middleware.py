"""What every request passes: security headers, product and actor, language, access by role, domain errors."""

import zoneinfo
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import set_script_prefix
from django.utils import timezone, translation

from lifecycle.models import Membership, Product, Role
from lifecycle.roles import DEMO, VERBS, Actor
from lifecycle.transitions import NotAllowed

Answer = Callable[[HttpRequest], HttpResponse]
CSP = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data:",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ]
)


def security_headers(get_response: Answer) -> Answer:
    """Add the content security policy: no inline script or style anywhere."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CSP)
        return response

    return middleware


def product(get_response: Answer) -> Answer:
    """Set `request.product` (host, else /p/<slug>/, else the default) and `request.actor`, in one or two statements."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(("/static/", "/healthz", "/readyz")):
            request.product = find_product(request)
            request.actor = find_actor(request)
        return get_response(request)

    return middleware


def find_product(request: HttpRequest) -> Product:
    """The product this address belongs to; Http404 for an unknown slug, or where no product exists at all."""
    slug = take_prefix(request)
    host = request.get_host().split(":")[0]
    products = list(Product.objects.filter(slug=slug) if slug else Product.objects.all())
    for found in products:
        if slug or (found.host and found.host == host):
            return found
    for found in products:
        if found.is_default:
            return found
    raise Http404("No product")


def take_prefix(request: HttpRequest) -> str:
    """Cut /p/<slug> off the path, so that routes and links work the same below it."""
    parts = request.path_info.split("/", 3)
    if len(parts) < 4 or parts[1] != "p":
        return ""
    request.path_info = "/" + parts[3]
    set_script_prefix(f"/p/{parts[2]}/")
    return parts[2]


def find_actor(request: HttpRequest) -> Actor:
    """Who asks, with the roles in this product; a signed-in person without membership is a customer."""
    if not request.user.is_authenticated:
        return Actor(None, request.product)
    roles = (
        Membership.objects.filter(user=request.user, product=request.product).values_list("roles", flat=True).first()
    )
    return Actor(request.user, request.product, frozenset(roles or [Role.CUSTOMER]))


def language_and_zone(get_response: Answer) -> Answer:
    """Speak the person's language (else the cookie's, else the browser's) and show times in their zone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        signed_in = user is not None and hasattr(request, "actor") and user.is_authenticated
        language = user.language if signed_in else translation.get_language_from_request(request)
        with translation.override(language), timezone.override(zone(user.time_zone if signed_in else "UTC")):
            request.LANGUAGE_CODE = language
            response = get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response

    return middleware


def zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")


class Access:
    """Refuse every view whose verb the person may not do; a view without a verb is refused to everybody.

    API views carry their verbs too, but are checked by `roles_api.RolePermission` after token authentication.
    """

    PUBLIC_MODULES = ("allauth.", "django.views.static", "drf_spectacular.")

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if hasattr(view, "cls") or view.__module__.startswith(self.PUBLIC_MODULES):
            return None
        verb = getattr(view, "verb", None)
        if verb is None:
            raise PermissionDenied
        if VERBS[verb] is DEMO and not settings.DEMO:
            raise Http404
        actor = getattr(request, "actor", None)
        if actor is None or actor.may(verb):
            return None
        if actor.user is None:
            return redirect_to_login(request.get_full_path())
        actor.require(verb)
        return None


class DomainErrors:
    """A wrong state (NotAllowed) becomes a 409 page that says the reason; fragments get the sentence alone."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, NotAllowed):
            return render(request, "409.html", {"reason": str(error)}, status=409)
        return None
