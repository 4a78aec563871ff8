from django.urls import include, path
from peer import views

urlpatterns = [
    path("record", views.record, name="record"),
    path("record/profile/about", views.about, name="about"),
    path("accounts/", include("allauth.urls")),
]
