from django.urls import path

from features.cart import views

urlpatterns = [
    path("", views.show, name="cart"),
    path("add/<slug:slug>/", views.add, name="cart-add"),
    path("put/<slug:slug>/", views.put, name="cart-put"),
]
