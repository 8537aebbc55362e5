"""The demo of a frozen release: sessions for managers, then for customers, who came, and the sign-off."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from lifecycle.forms import reason_in
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow, who_may
from releases import demos, invitations, signoffs
from releases.demo_forms import SessionForm
from releases.forms import Domain, SignOffForm
from releases.loading import get_demo_for, get_release_for
from releases.models import Release, SignOff
from releases.models.audiences import Audience
from releases.pages import demo as page


@allow("see_team_pages")
@require_safe
def detail(request: HttpRequest, version: str) -> HttpResponse:
    release = get_release_for(request.actor, version)
    return render(request, "releases/demo.html", page.page(release, request.actor))


@allow("sign_off_managers")
@require_POST
def managers(request: HttpRequest, version: str) -> HttpResponse:
    return sign_off(request, version, SignOff.Audience.MANAGERS)


@allow("record_demo")
@require_POST
def customers(request: HttpRequest, version: str) -> HttpResponse:
    """The product owner, or the host of their session, signs on the customers' behalf."""
    return sign_off(request, version, SignOff.Audience.CUSTOMERS)


def sign_off(request: HttpRequest, version: str, audience: str) -> HttpResponse:
    release = get_release_for(request.actor, version)
    if not signoffs.may_speak(release, audience, request.actor):
        raise PermissionDenied(who_may(f"sign_off_{audience}"))
    form = SignOffForm(request.POST, prefix=audience)
    if done(form, lambda: signoffs.sign_off(release, audience=audience, by=request.user, **form.cleaned_data)):
        messages.success(request, _("It is on record. Thank you."))
        return redirect("releases:demo", version)
    return refused(request, release, audience, form)


@allow("record_demo")
@require_POST
def plan(request: HttpRequest, version: str) -> HttpResponse:
    release = get_release_for(request.actor, version)
    audience = next((one for one in Audience.values if f"plan-{one}-starts_at" in request.POST), Audience.MANAGERS)
    form = SessionForm(request.POST, release=release, prefix=f"plan-{audience}")
    if done(form, lambda: demos.plan(release, by=request.user, **form.cleaned_data)):
        messages.success(request, _("The session is planned. Invite people to it now."))
        return redirect("releases:demo", version)
    return refused(request, release, f"plan-{audience}", form)


def done(form: Domain, act: Callable[[], object]) -> bool:
    """Whether the form was right and was done; else it says what is wrong."""
    if not form.is_valid():
        return False
    try:
        act()
    except ValidationError as error:
        form.refuse(error)
        return False
    return True


def refused(request: HttpRequest, release: Release, name: str, form: Domain) -> HttpResponse:
    context = page.page(release, request.actor, bound={name: form}) | {"form": form}
    return render(request, "releases/demo.html", context, status=422)


@allow("record_demo")
@require_POST
def begin(request: HttpRequest, version: str, pk: int) -> HttpResponse:
    demos.begin(get_demo_for(request.actor, version, pk), by=request.user)
    messages.success(request, _("It is open: the links take answers now."))
    return redirect("releases:demo", version)


@allow("record_demo")
@require_POST
def close(request: HttpRequest, version: str, pk: int) -> HttpResponse:
    demos.close(get_demo_for(request.actor, version, pk), by=request.user)
    messages.success(request, _("It is closed: nothing changes any more. Sign off what they said."))
    return redirect("releases:demo", version)


@allow("record_demo")
@require_POST
def cancel(request: HttpRequest, version: str, pk: int) -> HttpResponse:
    demos.cancel(get_demo_for(request.actor, version, pk), by=request.user, reason=reason_in(request))
    messages.success(request, _("It is cancelled: its links say so."))
    return redirect("releases:demo", version)


@allow("record_demo")
@require_POST
def invite(request: HttpRequest, version: str, pk: int) -> HttpResponse:
    """Everybody who should see it and was not invited yet."""
    count = len(invitations.invite(get_demo_for(request.actor, version, pk), by=request.user))
    text = ngettext("%(n)d person is invited.", "%(n)d people are invited.", count) % {"n": count}
    messages.success(request, text if count else _("Everybody is invited already."))
    return redirect("releases:demo", version)


@allow("record_demo")
@require_POST
def attendance(request: HttpRequest, version: str, pk: int) -> HttpResponse:
    """The ticks of the list: who came."""
    demo = get_demo_for(request.actor, version, pk)
    came = [int(number) for number in request.POST.getlist("came") if number.isdecimal() and len(number) < 19]
    invitations.note_attendance(demo, came=came, by=request.user)
    messages.success(request, _("Noted who came."))
    return redirect("releases:demo", version)


@allow("record_demo")
@require_POST
def revoke(request: HttpRequest, version: str, pk: int, invitation: int) -> HttpResponse:
    demo = get_demo_for(request.actor, version, pk)
    found = get_object_or_404(demo.invitations.select_related("demo__release", "user"), pk=invitation)
    invitations.revoke(found, by=request.user)
    messages.success(request, _("The link of %(who)s opens no more.") % {"who": found.user})
    return redirect("releases:demo", version)
