from django.urls import path

from features.wishlist import views

urlpatterns = [
    path("", views.show, name="wishlist"),
    path("<slug:slug>/", views.toggle, name="wishlist-toggle"),
]
