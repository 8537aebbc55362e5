"""Settings of an environment, and the repository."""

from django.urls import path

from environments import views

app_name = "environments"

urlpatterns = [
    path("environments/repository/", views.repository, name="repository"),
    path("environments/freezes/", views.freeze, name="freeze"),
    path("environments/freezes/<int:pk>/lift/", views.lift_freeze, name="lift_freeze"),
    path("environments/<slug:slug>/settings/", views.settings, name="settings"),
    path("environments/<slug:slug>/settings/variables/", views.set_variable, name="set_variable"),
    path(
        "environments/<slug:slug>/settings/variables/<str:name>/remove/", views.remove_variable, name="remove_variable"
    ),
    path("environments/<slug:slug>/settings/locks/", views.lock, name="lock"),
    path("environments/<slug:slug>/settings/locks/<int:pk>/end/", views.unlock, name="unlock"),
]
