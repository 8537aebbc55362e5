"""The page of results."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from features.search.matching import matching

LONGEST_SEARCH = 100


def results(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    return render(request, "search/results.html", {"words": words, "products": list(matching(words))})
