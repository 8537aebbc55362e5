"""Errors of the API as problem details (RFC 9457): type, title, status, detail, and the fields that are wrong."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from lifecycle.transitions import NotAllowed

TITLES: dict[int, str | Promise] = {
    400: gettext_lazy("Bad request"),
    401: gettext_lazy("Sign in first"),
    403: gettext_lazy("Not for your role"),
    404: gettext_lazy("Not found"),
    405: gettext_lazy("Method not allowed"),
    409: gettext_lazy("Not in this state"),
    410: gettext_lazy("Not here any more"),
    415: gettext_lazy("Unsupported media type"),
    422: gettext_lazy("Some fields are wrong"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Something broke here"),
    503: gettext_lazy("Ask again in a moment"),
}


class Gone(exceptions.APIException):
    """It was here and was not kept; the text is for people."""

    status_code = 410


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal as application/problem+json."""
    if isinstance(error, NotAllowed):
        return problem(409, str(error))
    if isinstance(error, ValidationError):
        return problem(422, _("Some fields are wrong."), errors=fields_of(error))
    if isinstance(error, exceptions.ValidationError):
        return problem(422, _("Some fields are wrong."), errors=error.detail)
    if isinstance(error, PermissionDenied):
        return problem(403, str(error) or _("You may not do this."))
    if isinstance(error, Http404):
        return problem(404, _("There is nothing at this address."))
    response = exception_handler(error, context)
    if response is None:
        return None
    detail = response.data.get("detail", "") if isinstance(response.data, dict) else ""
    return problem(response.status_code, str(detail), headers=dict(response.headers))


def fields_of(error: ValidationError) -> dict[str, list[str]]:
    """Field → messages; a message for no field stands under "__all__"."""
    return error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}


def problem(status: int, detail: str, *, errors: Any = None, headers: dict[str, str] | None = None) -> Response:
    response = Response(details(status, detail, errors=errors), status=status, headers=headers)
    response.content_type = "application/problem+json"
    return response


def details(status: int, detail: str, *, errors: Any = None) -> dict[str, Any]:
    """The body; `errors` (field → messages) only where fields are wrong."""
    body = {"type": "about:blank", "title": str(TITLES.get(status, "")), "status": status, "detail": detail}
    return body | {"errors": errors} if errors else body
