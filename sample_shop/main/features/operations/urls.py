from django.urls import path

from features.operations import views

urlpatterns = [path("", views.health, name="health")]
