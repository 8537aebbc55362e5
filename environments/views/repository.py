"""The product's repository: where the code is, whether it can be read, and its branches."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from environments import repositories
from environments.forms import RepositoryForm
from environments.models import Repository
from environments.pages import repository as pages
from lifecycle.forms import posted
from lifecycle.roles import allow


@allow("configure")
@require_http_methods(["GET", "HEAD", "POST"])
def repository(request: HttpRequest) -> HttpResponse:
    """Where the code is, whether it can be read, and its branches."""
    found = Repository.objects.filter(product=request.product).first()
    form = RepositoryForm(posted(request), initial=pages.as_initial(found))
    if form.is_bound and form.is_valid():
        try:
            repositories.name_upstream(request.product, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Noted: a worker looks at it within seconds."))
            return redirect("environments:repository")
    context = {"form": form, **pages.repository(found)}
    return render(request, "environments/repository.html", context, status=422 if form.errors else 200)
