"""What every request passes: security headers, product and actor, language, access by role, domain errors."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from lifecycle import live_log as log_cursors
from lifecycle import products
from lifecycle.dates import zone
from lifecycle.models import Product
from lifecycle.requests import HttpRequest
from lifecycle.roles import ANYBODY, DEMO, VERBS, Actor, who_may
from lifecycle.transitions import NotAllowed

Answer = Callable[[HttpRequest], HttpResponse]
WITHOUT_PRODUCT = ("/static/", "/healthz", "/readyz", "/api/", "/callbacks/")
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


def live_log(get_response: Answer) -> Answer:
    """Answer a trusted cursor of a log (lifecycle/live_log.py) before anything is asked of the database."""

    def middleware(request: HttpRequest) -> HttpResponse:
        key = request.GET.get("key", "") if request.path_info.endswith("/log/") else ""
        cursor = log_cursors.read(request.get_full_path().partition("?")[0], key) if key else None
        if cursor is None:
            return get_response(request)
        if log_cursors.is_idle(cursor):
            return HttpResponse(status=204)
        news = log_cursors.output(cursor)
        if news is None:
            return get_response(request)
        with timezone.override(zone(cursor.zone)):
            return HttpResponse(render_to_string("_log.html", news))

    return middleware


def product(get_response: Answer) -> Answer:
    """Set `request.product` (/p/<slug>/, else the host's, else the default) and `request.actor`, in one statement.

    The API names its product in its path and knows people by token, so `roles_api` does the same there.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(WITHOUT_PRODUCT):
            return get_response(request)
        outer = get_script_prefix()
        try:
            request.actor = find_actor(request)
            request.product = request.actor.product
            return get_response(request)
        finally:
            set_script_prefix(outer)

    return middleware


def find_actor(request: HttpRequest) -> Actor:
    """Who asks, in the product this address belongs to; Http404 for an unknown slug, or where there is no product."""
    slug = take_prefix(request)
    user = request.user if request.user.is_authenticated else None
    try:
        return products.by_slug(slug, user) if slug else products.by_host(request.get_host().split(":")[0], user)
    except Product.DoesNotExist:
        raise Http404("No product") from None


def take_prefix(request: HttpRequest) -> str:
    """Cut /p/<slug> off the path, so that routes and links work the same below it; "" if there is none."""
    parts = request.path_info.split("/", 3)
    if len(parts) < 4 or parts[1] != "p":
        return ""
    request.path_info = "/" + parts[3]
    set_script_prefix(f"{get_script_prefix()}p/{parts[2]}/")
    return parts[2]


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
        patch_vary_headers(response, ["Cookie", "Accept-Language"])
        return response

    return middleware


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
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("NUL")  # PostgreSQL knows no NUL in a text, and no page has a use for one
        if hasattr(view, "cls") or view.__module__.startswith(self.PUBLIC_MODULES):
            return None
        verb = getattr(view, "verb", None)
        if verb is None:
            raise PermissionDenied
        if VERBS[verb] is DEMO and not settings.DEMO:
            raise Http404
        actor = getattr(request, "actor", None)
        if VERBS[verb] is ANYBODY or (actor and actor.may(verb)):
            return None
        if actor and actor.user is None:
            return sign_in_first(request)
        raise PermissionDenied(who_may(verb))


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back to the page the visitor sees: a fragment or a form has no page of its own."""
    is_page = request.method in {"GET", "HEAD"} and not request.htmx
    referer = request.META.get("HTTP_REFERER", "")
    is_ours = url_has_allowed_host_and_scheme(referer, {request.get_host()})
    back = request.get_full_path() if is_page else path_of(referer) if is_ours else reverse("start")
    answer = redirect_to_login(back, login_url=reverse("account_login"))
    return HttpResponseClientRedirect(answer.url) if request.htmx else answer


def path_of(address: str) -> str:
    """Path and query of an absolute address."""
    return urlunsplit(urlsplit(address)._replace(scheme="", netloc="", fragment=""))


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
