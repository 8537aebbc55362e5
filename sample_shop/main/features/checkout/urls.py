from django.urls import path

from features.checkout import views

urlpatterns = [
    path("", views.checkout, name="checkout"),
    path("thanks/", views.thanks, name="thanks"),
]
