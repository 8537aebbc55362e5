"""Asking somebody to move, and opening gates by force."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from deployments import approval_rules, break_glass, case_files, gates, reminders
from deployments.forms import GlassForm, WaiverForm
from deployments.loading import get_release_for
from deployments.pages import cockpit as page
from deployments.pages.cockpit_rows import people_for
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@require_POST
@allow("see_team_pages")
def remind(request: HttpRequest, version: str) -> HttpResponse:
    """Tell those who can open one gate that they are waited for."""
    release = get_release_for(request.actor, version)
    file = case_files.read(release)
    case, key = gates.case_of(file), request.POST.get("gate", "")
    gate = next((gate for gate in gates.of(file) if gate.key == key), None)
    if gate is None or case is None:
        raise Http404
    told = reminders.remind(release, people_for(gate, case), gate, by=request.user)
    messages.success(request, _("Reminded: %(who)s.") % {"who": ", ".join(str(person) for person in told)})
    return redirect("deployments:cockpit", release.version)


@require_POST
@allow("break_glass")
def break_the_glass(request: HttpRequest, version: str) -> HttpResponse:
    """Open people's gates by force, or confirm it as the second person."""
    release = get_release_for(request.actor, version)
    form = GlassForm(request.POST)
    if not form.is_valid():
        context = {**page.cockpit(release, request.actor), "waiver": WaiverForm(), "glass_form": form}
        return render(request, "deployments/cockpit.html", context, status=422)
    made = break_glass.break_glass(release, by=request.user, **form.cleaned_data)
    if approval_rules.is_broken(made, release.product):
        messages.success(request, _("The gates are open, and everybody on the team is told."))
    else:
        messages.success(request, _("A second person has to confirm it; they are told."))
    return redirect("deployments:cockpit", release.version)
