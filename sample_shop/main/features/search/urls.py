from django.urls import path

from features.search import views

urlpatterns = [path("", views.results, name="search")]
