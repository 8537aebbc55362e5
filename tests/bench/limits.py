"""The limits of the stack: bare views of the same Django, database and machine, measured in the same run.

They do as little as a page of this kind can do: no sign-in, no permissions, no product, no chrome around the rows. They
are written as a Django page is written first: `url`, `csrf_token`, and `date` and `truncatechars` as filters.
"""

from pathlib import Path

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template import Context, Engine
from django.urls import path
from django.utils import timezone
from rest_framework import generics, serializers
from rest_framework.authentication import BaseAuthentication

from ideas.models import Idea, Vote

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ENGINE = Engine(dirs=[Path(__file__).parent / "templates"])
ROWS = 20


def addresses(get_response):  # noqa: ANN001, ANN201
    """Middleware: these requests know the addresses of this module instead of the product's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.urlconf = __name__
        return get_response(request)

    return middleware


def popular() -> list[Idea]:
    ideas = Idea.objects.filter(canonical=None).select_related("author", "area").order_by("-votes", "-id")
    return list(ideas[:ROWS])


def page(request: HttpRequest) -> HttpResponse:
    """A template page of 20 rows, most votes first; one statement."""
    context = Context({"ideas": popular(), "csrf_token": get_token(request)})
    return HttpResponse(ENGINE.get_template("bare.html").render(context))


class BareIdea(serializers.ModelSerializer[Idea]):
    author = serializers.CharField(source="author.name")

    class Meta:
        model = Idea
        fields = ("id", "number", "title", "body", "kind", "source", "status", "stop", "votes", "author", "created_at")


class BareList(generics.ListAPIView[Idea]):
    """A DRF list of 20 rows by a ModelSerializer; one statement."""

    authentication_classes: list[type[BaseAuthentication]] = []
    permission_classes = ()
    serializer_class = BareIdea

    def get_queryset(self):  # noqa: ANN201
        return popular()


def vote(request: HttpRequest, pk: int, user: int) -> HttpResponse:
    """A vote: insert if absent, count, answer with the fragment; two statements."""
    _vote, created = Vote.objects.get_or_create(idea_id=pk, user_id=user, defaults={"created_at": timezone.now()})
    if created:
        Idea.objects.filter(pk=pk).update(votes=F("votes") + 1)
    idea = Idea.objects.get(pk=pk)
    context = Context({"idea": idea, "csrf_token": get_token(request)})
    return HttpResponse(ENGINE.get_template("bare_vote.html").render(context))


urlpatterns = [
    path("bare/", page),
    path("bare/api/", BareList.as_view()),
    path("bare/<int:pk>/", page, name="bare_idea"),
    path("bare/<int:pk>/vote/<int:user>/", vote, name="bare_vote"),
]
