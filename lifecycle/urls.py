"""The addresses. Each app owns its own; this file only puts them together."""

from django.urls import include, path

from lifecycle import demo, health, home, preferences

handler403 = "lifecycle.home.forbidden"
handler404 = "lifecycle.home.not_found"
handler500 = "lifecycle.home.server_error"

urlpatterns = [
    path("", home.start, name="start"),
    path("inbox/", home.inbox, name="inbox"),
    path("find/", home.find, name="find"),
    path("notifications/", home.notifications, name="notifications"),
    path("account/", home.account, name="account"),
    path("account/tokens/", home.token_create, name="token_create"),
    path("account/tokens/<int:pk>/revoke/", home.token_revoke, name="token_revoke"),
    path("people/<int:pk>/", home.person, name="person"),
    path("appearance/", preferences.appearance, name="appearance"),
    path("language/", home.language, name="language"),
    path("audit/", home.audit, name="audit"),
    path("system/", home.system, name="system"),
    path("healthz", health.live, name="live"),
    path("readyz", health.ready, name="ready"),
    path("demo/", demo.cast, name="demo"),
    path("kit/", demo.kit, name="kit"),
    path("accounts/", include("allauth.account.urls")),
    path("api/", include("lifecycle.api")),
    path("", include("ideas.urls")),
    path("", include("releases.urls")),
    path("", include("environments.urls")),
    path("", include("deployments.urls")),
]
