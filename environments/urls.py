"""Settings of an environment, freezes, and the repository."""

from django.urls import path

from environments.views import freezes, repository, settings, variables

app_name = "environments"

urlpatterns = [
    path("environments/repository/", repository.repository, name="repository"),
    path("environments/repository/connect/", repository.connect, name="connect_repository"),
    path("environments/repository/mode/", repository.set_mode, name="set_mode"),
    path("environments/repository/credential/", repository.set_credential, name="set_credential"),
    path("environments/repository/credential/make/", repository.make_key, name="make_key"),
    path("environments/repository/keys/<int:pk>/confirm/", repository.confirm_key, name="confirm_upstream_key"),
    path("environments/freezes/", freezes.freeze, name="freeze"),
    path("environments/freezes/<int:pk>/", freezes.change_freeze, name="change_freeze"),
    path("environments/freezes/<int:pk>/lift/", freezes.lift_freeze, name="lift_freeze"),
    path("environments/<slug:slug>/settings/", settings.settings, name="settings"),
    path("environments/<slug:slug>/settings/place/", settings.describe, name="describe"),
    path("environments/<slug:slug>/settings/effects/", settings.set_effects, name="set_effects"),
    path("environments/<slug:slug>/settings/access/", settings.set_access, name="set_access"),
    path("environments/<slug:slug>/settings/order/", settings.move, name="move"),
    path("environments/<slug:slug>/settings/variables/", variables.set_variable, name="set_variable"),
    path("environments/<slug:slug>/settings/variables/<str:name>/", variables.history, name="variable"),
    path(
        "environments/<slug:slug>/settings/variables/<str:name>/remove/",
        variables.remove_variable,
        name="remove_variable",
    ),
    path("environments/<slug:slug>/settings/versions/<int:pk>/", variables.restore_variable, name="restore_variable"),
    path("environments/<slug:slug>/settings/locks/", settings.lock, name="lock"),
    path("environments/<slug:slug>/settings/locks/<int:pk>/end/", settings.unlock, name="unlock"),
]
