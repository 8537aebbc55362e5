"""Taking production (or any environment) back: what leaves, what stays, who is told, and why."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from deployments import services
from deployments.forms import ReasonForm
from deployments.loading import get_environment_for
from deployments.pages import standing
from deployments.pages.rollback import confirmation
from lifecycle.forms import posted
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@require_http_methods(["GET", "HEAD", "POST"])
@allow("roll_back")
def roll_back(request: HttpRequest, slug: str) -> HttpResponse:
    environment = get_environment_for(request.actor, slug)
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        shown = {name: request.POST.get(name) for name in ("to", "runs")}
        deployment = services.roll_back(environment, by=request.user, reason=form.cleaned_data["reason"], **shown)
        messages.success(request, _("%(environment)s goes back now.") % {"environment": environment.name})
        return redirect("deployments:detail", deployment.pk)
    chosen = request.POST.get("to") or request.GET.get("to")
    confirm = standing.with_warnings(confirmation(environment, to=chosen), environment)
    page = {"confirm": confirm, "form": form if form.is_bound else ReasonForm()}
    return render(request, "deployments/roll_back.html", page, status=422 if request.method == "POST" else 200)
