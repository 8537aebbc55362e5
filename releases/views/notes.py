"""Release notes: what customers will read, in the team's hands."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from lifecycle.forms import posted
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow
from releases import notes
from releases.loading import get_release_for
from releases.notes_form import NotesForm
from releases.pages import notes as page


@allow("edit_notes")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, version: str) -> HttpResponse:
    """The notes of a release, to be read over and put into better words."""
    found = notes.get(get_release_for(request.actor, version))
    lines = notes.lines_of(found)
    form = NotesForm(posted(request), notes=found, lines=lines)
    if form.is_bound and form.is_valid():
        notes.edit(found, intro=form.cleaned_data["intro"], words=form.words(), by=request.user)
        messages.success(request, _("Saved."))
        return redirect("releases:notes", version)
    context = page.page(found, lines) | {"form": form}
    return render(request, "releases/notes.html", context, status=422 if form.errors else 200)
