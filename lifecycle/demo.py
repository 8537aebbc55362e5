"""Demo mode: sign in as anybody of the cast with one click. Outside demo mode these addresses do not exist."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lifecycle.models import Membership, User
from lifecycle.roles import allow

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass(frozen=True)
class Part:
    """What somebody of the cast does in the demo, and where they start."""

    key: str
    does: str | Promise
    starts_at: str


PARTS = (
    Part("cleo", _("Shares ideas, votes, follows them to the end and says whether they helped"), "ideas:list"),
    Part("carl", _("Another customer, with other wishes"), "ideas:list"),
    Part("petra", _("Triages, runs the weekly review, plans and freezes releases"), "inbox"),
    Part("lena", _("Votes on the review, gives changes to developers"), "inbox"),
    Part("dev", _("Builds changes on branches and marks them ready"), "releases:my_changes"),
    Part("tess", _("Tries each build on staging; approves it or sends it back"), "releases:testing"),
    Part("max", _("Sees the demo and approves the release"), "inbox"),
    Part("ops", _("Votes on the review, runs environments, deploys and rolls back"), "deployments:board"),
)


@allow("switch_person")
def cast(request: HttpRequest) -> HttpResponse:
    """Choose a person (GET) and become them (POST)."""
    require_demo()
    if request.method == "POST":
        return become(request, request.POST.get("person", ""))
    memberships = Membership.objects.filter(product=request.product).select_related("user")
    by_key = {m.user.email.split("@")[0]: m for m in memberships}
    people = [(part, by_key[part.key]) for part in PARTS if part.key in by_key]
    return render(request, "lifecycle/demo.html", {"people": people})


def become(request: HttpRequest, key: str) -> HttpResponse:
    """Sign in as one of the cast, or out when `key` is "nobody"; 404 for anybody else."""
    if key == "nobody":
        logout(request)
        return redirect("ideas:list")
    part = next((part for part in PARTS if part.key == key), None)
    if part is None:
        raise Http404
    user = get_object_or_404(User, email=f"{part.key}@northwind.test", is_active=True)
    login(request, user, backend=BACKEND)
    return redirect(part.starts_at)


@allow("switch_person")
def kit(request: HttpRequest) -> HttpResponse:
    """The style guide."""
    require_demo()
    return render(request, "kit.html")


def require_demo() -> None:
    """Http404 outside demo mode (the Access middleware refuses too; this is the second lock)."""
    if not settings.DEMO:
        raise Http404
