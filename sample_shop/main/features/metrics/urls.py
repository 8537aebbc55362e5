from django.urls import path

from features.metrics import views

urlpatterns = [path("", views.metrics, name="metrics")]
