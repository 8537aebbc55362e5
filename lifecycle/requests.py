"""What a view is handed: a request that knows who asks, and in which product (set by middleware and `roles_api`)."""

from typing import Any

from django import http
from django_htmx.middleware import HtmxDetails
from rest_framework import request as rest
from rest_framework.serializers import BaseSerializer

from lifecycle.models import Product, User
from lifecycle.roles import Actor


class HttpRequest(http.HttpRequest):
    """A page's request. `user` is somebody who signed in, except where the verb is for anybody."""

    user: User
    actor: Actor
    product: Product
    htmx: HtmxDetails


class Request(rest.Request):
    """A request of the API."""

    user: User
    actor: Actor


def read(shape: type[BaseSerializer], request: Request, **context: Any) -> dict[str, Any]:
    """What was sent in this shape; ValidationError, naming the fields, otherwise."""
    sent = shape(data=request.data, context=context)
    sent.is_valid(raise_exception=True)
    return dict(sent.validated_data)
