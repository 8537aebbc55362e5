"""The addresses. Each app owns its own; this file only puts them together."""

from django.urls import include, path

from lifecycle import account_views, demo, health, home, overview_views, preferences

handler400 = "lifecycle.error_views.bad_request"
handler403 = "lifecycle.error_views.forbidden"
handler404 = "lifecycle.error_views.not_found"
handler500 = "lifecycle.error_views.server_error"

urlpatterns = [
    path("", home.start, name="start"),
    path("inbox/", home.inbox, name="inbox"),
    path("find/", home.find, name="find"),
    path("notifications/", home.notifications, name="notifications"),
    path("account/", account_views.account, name="account"),
    path("account/news/", account_views.news, name="account_news"),
    path("account/tokens/", account_views.token_create, name="token_create"),
    path("account/tokens/<int:pk>/revoke/", account_views.token_revoke, name="token_revoke"),
    path("people/<int:pk>/", overview_views.person, name="person"),
    path("appearance/", preferences.appearance, name="appearance"),
    path("language/", account_views.language, name="language"),
    path("audit/", overview_views.audit, name="audit"),
    path("system/", overview_views.system, name="system"),
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
