"""What does not wait for a plan: undoing a change that is live, and a hotfix."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from lifecycle.forms import posted
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from releases import hotfixes, undoing
from releases.forms import HotfixForm, ReasonForm
from releases.loading import get_change_for, with_others
from releases.pages import undo as page


@allow("undo_change")
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, number: int) -> HttpResponse:
    """What would leave and what is in the way (GET); the undo as a release of its own (POST). `?with=` adds changes."""
    chosen = with_others(request.actor, get_change_for(request.actor, number), request.GET.getlist("with"))
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        release = undoing.propose(request.product, changes=chosen, by=request.user, reason=reason)
        messages.success(
            request, _("%(release)s takes it out: a tester and a manager look first.") % {"release": release}
        )
        return redirect("releases:detail", release.version)
    status = 422 if form.errors else 200
    return render(request, "releases/undo.html", page.page(chosen) | {"form": form}, status=status)


@allow("propose_hotfix")
@require_http_methods(["GET", "HEAD", "POST"])
def hotfix(request: HttpRequest) -> HttpResponse:
    """Choose changes or bugs that cannot wait; `?change=` and `?idea=` have one chosen."""
    wanted = {name: request.GET.get(name, "") for name in ("change", "idea")}
    form = HotfixForm(posted(request), product=request.product, **wanted)
    if request.method == "POST" and form.is_valid():
        try:
            release = hotfixes.propose(request.product, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("%(release)s goes the short way.") % {"release": release})
            return redirect("releases:detail", release.version)
    return render(request, "releases/hotfix.html", {"form": form}, status=422 if form.errors else 200)
