"""What differs between two environments or releases, in users' words and in commits."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from deployments.pages.delta import delta
from lifecycle.roles import allow


@require_safe
@allow("see_team_pages")
def detail(request: HttpRequest, old: str, new: str) -> HttpResponse:
    """`old` and `new` name environments or versions. A pair nobody has compared yet is asked for, and says so."""
    page = delta(request.actor.product, old, new)
    template = "deployments/_delta.html" if request.htmx else "deployments/delta.html"
    return render(request, template, page)
