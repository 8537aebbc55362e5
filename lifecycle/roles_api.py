"""The roles table at the API's door: each view names a verb per method, the product comes from the path."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission

from lifecycle.models import Product, Token
from lifecycle.roles import Actor, actor_for


class RolePermission(BasePermission):
    """Refuse unless the actor may do `view.verbs[method]`; a method without a verb is refused to everybody.

    Sets `request.actor`. A read token may only read.
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        actor = self.actor(request, view)
        request.actor = request._request.actor = actor
        verb = view.verbs.get("GET" if request.method in {"HEAD", "OPTIONS"} else request.method)
        if verb is None:
            return False
        reads_only = isinstance(request.auth, Token) and request.auth.scope == Token.Scope.READ
        if reads_only and request.method not in SAFE_METHODS:
            raise PermissionDenied("This token may only read.")
        if actor.user is not None:
            actor.require(verb)
        return actor.may(verb)

    def actor(self, request: Any, view: Any) -> Actor:
        product = get_object_or_404(Product, slug=view.kwargs["product"])
        return actor_for(request.user, product)
