"""The API: one `api.py` per app below /api/v1/products/<slug>/, described at /api/schema/."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

import deployments.adopt_api
import deployments.api
import deployments.approvals_api
import deployments.board_api
import deployments.delta_api
import deployments.eject_api
import deployments.places_api
import deployments.proofs_api
import deployments.recomposing_api
import deployments.rescoping_api
import deployments.retention_api
import deployments.servers_api
import environments.api
import environments.repository_api
import ideas.api
import ideas.queue_api
import ideas.review_api
import releases.api
import releases.changes_api
import releases.checks_api
import releases.combined_api
import releases.demo_api
import releases.notes_api
import releases.plan_api
import releases.repository_api
import releases.testing_api
import releases.urgent_api

per_product = [
    *ideas.api.urlpatterns,
    *ideas.queue_api.urlpatterns,
    *ideas.review_api.urlpatterns,
    *releases.plan_api.urlpatterns,
    *releases.api.urlpatterns,
    *releases.changes_api.urlpatterns,
    *releases.checks_api.urlpatterns,
    *releases.combined_api.urlpatterns,
    *releases.demo_api.urlpatterns,
    *releases.notes_api.urlpatterns,
    *releases.testing_api.urlpatterns,
    *releases.repository_api.urlpatterns,
    *releases.urgent_api.urlpatterns,
    *environments.api.urlpatterns,
    *environments.repository_api.urlpatterns,
    *deployments.adopt_api.urlpatterns,
    *deployments.api.urlpatterns,
    *deployments.approvals_api.urlpatterns,
    *deployments.board_api.urlpatterns,
    *deployments.delta_api.urlpatterns,
    *deployments.eject_api.urlpatterns,
    *deployments.places_api.urlpatterns,
    *deployments.proofs_api.urlpatterns,
    *deployments.recomposing_api.urlpatterns,
    *deployments.rescoping_api.urlpatterns,
    *deployments.retention_api.urlpatterns,
    *deployments.servers_api.urlpatterns,
]

urlpatterns = [
    path("v1/products/<slug:product>/", include((per_product, "api"))),
    path("schema/", SpectacularAPIView.as_view(permission_classes=[]), name="schema"),
]
