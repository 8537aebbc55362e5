"""The door: a token becomes a cookie."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from features.preview import access


@require_safe
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """To the first page, let in for half a day; 403 for a token that is not ours or has ended."""
    if not settings.ACCESS_KEY:
        return redirect("/")
    if not access.is_valid(token):
        return render(request, "preview/closed.html", status=403)
    response = redirect("/")
    response.set_cookie(
        access.cookie_name(),
        access.new_cookie(),
        max_age=access.COOKIE_LIVES_SECONDS,
        httponly=True,
        secure=request.is_secure(),
        samesite="Lax",
    )
    response.headers["Cache-Control"] = "no-store"
    return response
