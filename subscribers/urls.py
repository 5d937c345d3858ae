"""The addresses of readers' own pages. Emails have them, so they never change."""

from django.urls import path

from subscribers import views

urlpatterns = [
    path("n/<slug:newsletter>/subscribe", views.subscribe, name="subscribe"),
    path("n/<slug:newsletter>/challenge", views.challenge, name="challenge"),
    path("confirm/<str:token>", views.confirm, name="confirm"),
    path("u/<str:token>", views.unsubscribe, name="unsubscribe"),
    path("p/<str:token>", views.preferences, name="preferences"),
    path("still/<str:token>", views.still, name="still"),
    path("me/<str:token>", views.profile, name="profile"),
]
