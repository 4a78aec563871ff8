"""A record as a team would write it down with Django, each part with a history by auditlog."""

from auditlog.registry import auditlog
from django.conf import settings
from django.db import models


class Customer(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)
    number = models.CharField(max_length=40, unique=True)
    given_name = models.CharField(max_length=80)
    family_name = models.CharField(max_length=80)
    call_me = models.CharField(max_length=80, blank=True)
    pronunciation = models.CharField(max_length=80, blank=True)
    pronouns = models.CharField(max_length=8, blank=True)
    language = models.CharField(max_length=8, blank=True)
    time_zone = models.CharField(max_length=40, blank=True)
    good_to_know = models.TextField(blank=True)
    account_tier = models.CharField(max_length=20, blank=True)


class ContactPoint(models.Model):
    customer = models.ForeignKey(Customer, models.CASCADE)
    system = models.CharField(max_length=20)
    value = models.TextField()
    use = models.CharField(max_length=20)
    rank = models.PositiveIntegerField()

    class Meta:
        ordering = ("rank",)


class ContactWindow(models.Model):
    customer = models.ForeignKey(Customer, models.CASCADE)
    kind = models.CharField(max_length=8)
    channel = models.CharField(max_length=20, blank=True)
    weekdays = models.JSONField()
    start = models.TimeField()
    end = models.TimeField()
    time_zone = models.CharField(max_length=40)

    class Meta:
        ordering = ("start", "id")


class Consent(models.Model):
    customer = models.ForeignKey(Customer, models.CASCADE)
    purpose = models.CharField(max_length=40)
    channel = models.CharField(max_length=20)
    status = models.CharField(max_length=10)
    capture_date = models.DateTimeField()
    notice_version = models.CharField(max_length=20)


class Note(models.Model):
    customer = models.ForeignKey(Customer, models.CASCADE)
    about = models.ForeignKey("self", models.CASCADE, null=True, related_name="answers")
    body = models.TextField()
    author_kind = models.CharField(max_length=20)
    author = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at",)


for model in (Customer, ContactPoint, ContactWindow, Consent, Note):
    auditlog.register(model)
