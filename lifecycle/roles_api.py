"""The roles table at the API's door: each view names a verb per method, the product comes from the path."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import MethodNotAllowed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission

from lifecycle import products
from lifecycle.models import Product, Token
from lifecycle.roles import Actor

ONE_PURPOSE = {
    Token.Scope.CHECKS: gettext_lazy("This token may only report checks."),
    Token.Scope.CALENDAR: gettext_lazy("This token may only read a calendar."),
}


class RolePermission(BasePermission):
    """Refuse unless the actor may do `view.verbs[method]`; a method without a verb is refused to everybody (405).

    Sets `request.actor`. A read token may only read; a token for one purpose opens nothing but views with that `scope`.
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        actor = self.actor(request, view)
        request.actor = request._request.actor = actor
        verb = getattr(view, "verbs", {}).get("GET" if request.method in {"HEAD", "OPTIONS"} else request.method)
        if verb is None:
            raise MethodNotAllowed(request.method)
        reads_only = isinstance(request.auth, Token) and request.auth.scope == Token.Scope.READ
        if reads_only and request.method not in SAFE_METHODS:
            raise PermissionDenied(_("This token may only read."))
        purpose = request.auth.scope if isinstance(request.auth, Token) else ""
        if purpose in ONE_PURPOSE and getattr(view, "scope", "") != purpose:
            raise PermissionDenied(ONE_PURPOSE[purpose])
        if actor.user is not None:
            actor.require(verb)
        return actor.may(verb)

    def actor(self, request: Any, view: Any) -> Actor:
        user = request.user if request.user.is_authenticated else None
        try:
            return products.by_slug(view.kwargs["product"], user)
        except Product.DoesNotExist:
            raise Http404 from None
