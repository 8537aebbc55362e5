"""Demo mode: sign in as anybody of the cast with one click. Outside demo mode these addresses do not exist."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lifecycle.models import Membership, User
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from lifecycle.story.people import DOMAIN

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


@dataclass(frozen=True)
class Stop:
    """One stop of an idea's journey and who of the cast takes it there."""

    kind: str
    label: str | Promise
    note: str
    state: str = "done"


JOURNEY = (
    Stop("idea", _("Idea"), "Cleo, Carl"),
    Stop("review", _("Review"), "Petra, Lena, Ops"),
    Stop("planned", _("Planned"), "Petra"),
    Stop("development", _("Development"), "Dev"),
    Stop("staging", _("Staging"), "Tess"),
    Stop("demo", _("Demo"), "Max, Cleo"),
    Stop("production", _("Production"), "Max, Ops"),
    Stop("feedback", _("Feedback"), "Cleo, Carl"),
)


@allow("switch_person")
def cast(request: HttpRequest) -> HttpResponse:
    """Choose a person (GET) and become them (POST)."""
    require_demo()
    if request.method == "POST":
        return become(request, request.POST.get("person", ""))
    emails = {address_of(part.key): part for part in PARTS}
    members = Membership.objects.filter(product=request.product, user__email__in=emails).select_related("user")
    by_email = {member.user.email: member for member in members}
    people = [(part, by_email[email]) for email, part in emails.items() if email in by_email]
    return render(request, "lifecycle/demo.html", {"people": people, "stops": JOURNEY})


def address_of(key: str) -> str:
    return f"{key}@{DOMAIN}"


def become(request: HttpRequest, key: str) -> HttpResponse:
    """Sign in as one of the cast, or out when `key` is "nobody"; 404 for anybody else."""
    if key == "nobody":
        logout(request)
        return redirect("ideas:list")
    part = next((part for part in PARTS if part.key == key), None)
    if part is None:
        raise Http404
    user = get_object_or_404(User, email=address_of(part.key), is_active=True)
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
