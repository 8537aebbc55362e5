"""Saying which commit runs today, on the repository's page."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from deployments import adopting
from deployments.adopt_forms import AdoptForm
from environments.models import Repository
from environments.pages import repository as pages
from lifecycle.requests import HttpRequest
from lifecycle.roles import allow


@allow("configure")
@require_POST
def adopt(request: HttpRequest) -> HttpResponse:
    """Have it recorded, or show the repository's page with what is wrong (422)."""
    repository = get_object_or_404(Repository.objects.select_related("product"), product=request.product)
    form = AdoptForm(request.POST)
    if form.is_valid():
        try:
            adopting.ask(request.product, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Noted: a worker looks at the commit within seconds."))
            return redirect("environments:repository")
    context = pages.repository(repository) | {"adopt_form": form}
    return render(request, "environments/repository.html", context, status=422)
