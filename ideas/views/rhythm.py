"""When the board meets: the settings of the review."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ideas import rhythm as meetings
from ideas.models import Rhythm
from ideas.review_forms import RhythmForm
from ideas.views.common import blame, done
from lifecycle.dates import clock, weekday
from lifecycle.forms import posted
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@allow("set_rhythm")
@require_http_methods(["GET", "HEAD", "POST"])
def rhythm(request: HttpRequest) -> HttpResponse:
    """How often, when and by which rules the board meets, and what that makes of the next meeting."""
    rule = Rhythm.of(request.product)
    following = meetings.next_start(request.product, timezone.now(), rule)
    fits = rule.ideas_that_fit
    form = RhythmForm(posted(request), instance=rule)
    if request.method == "POST" and form.is_valid():
        try:
            meetings.set_rhythm(request.product, by=request.user, **form.cleaned_data)
            return done(request, _("The rhythm of the reviews is kept."), "ideas:rhythm")
        except ValidationError as error:
            blame(form, error)
    when = f"{weekday(timezone.localtime(following))}, {clock(following)}"
    context = {"form": form, "when": when, "fits": fits}
    return render(request, "ideas/rhythm.html", context, status=422 if form.errors else 200)
