from django.urls import path

from features.preview import views

urlpatterns = [path("<str:token>", views.enter, name="preview")]
