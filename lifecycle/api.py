"""The API: one `api.py` per app below /api/v1/products/<slug>/, described at /api/schema/."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

import deployments.api
import environments.api
import ideas.api
import releases.api

per_product = [
    *ideas.api.urlpatterns,
    *releases.api.urlpatterns,
    *environments.api.urlpatterns,
    *deployments.api.urlpatterns,
]

urlpatterns = [
    path("v1/products/<slug:product>/", include((per_product, "api"))),
    path("schema/", SpectacularAPIView.as_view(permission_classes=[]), name="schema"),
]
