"""The record page, and saving one of its sections."""

from auditlog.models import LogEntry
from django import forms
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from peer.models import Customer

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
PURPOSES = (
    ("service", "Your contract and service", "We contact you about your contract, your bills and the service."),
    ("offers", "Offers and news", "We tell you about offers and news of ours on the channels you choose."),
    ("surveys", "Asking how we did", "After we have helped you, we ask at most once a quarter how we did."),
)
NAMES = {
    "given_name": "First name", "family_name": "Last name", "call_me": "Call me", "pronunciation": "Say it like this",
    "pronouns": "Pronouns", "language": "Preferred language", "time_zone": "Time zone",
}  # fmt: skip
CHANNELS = (("email", "E-mail"), ("phone", "Phone"), ("text", "Text"), ("letter", "Letter"))


class AboutForm(forms.ModelForm):
    class Meta:
        model = Customer
        fields = ("given_name", "family_name", "call_me", "pronunciation", "pronouns", "language", "time_zone")


@login_required
def record(request: HttpRequest) -> HttpResponse:
    customer = get_object_or_404(Customer, user=request.user)
    given = {(c.purpose, c.channel): c for c in customer.consent_set.all()}
    windows = list(customer.contactwindow_set.all())
    context = {
        "customer": customer,
        "points": list(customer.contactpoint_set.all()),
        "windows": [(w, ", ".join(DAYS[d - 1] for d in w.weekdays)) for w in windows],
        "days": DAYS,
        "bars": [bar for window in windows for bar in bars(window)],
        "purposes": [
            (key, name, help, [(c, word, given.get((key, c))) for c, word in CHANNELS]) for key, name, help in PURPOSES
        ],
        "consents": given.values(),
        "channels": CHANNELS,
        "notes": customer.note_set.filter(about=None).prefetch_related("answers"),
        "changes": [(e, named(e.changes_dict)) for e in LogEntry.objects.get_for_object(customer)[:3]],
    }
    return render(request, "record.html", context)


def named(changes):
    """Fields by the names that the page has for them. auditlog's own `changes_display_dict` looks for each in the model
    and shortens each value, which took a seventh of the page."""
    return [(NAMES.get(field, field), values) for field, values in changes.items()]


def bars(window):
    """Where a window stands in the picture of the week: one bar for each of its days."""
    start = window.start.hour + window.start.minute / 60
    width = (window.end.hour + window.end.minute / 60 - start) % 24 or 24
    for day in window.weekdays:
        yield window.kind, round(start / 0.24, 3), round(min(width, 24 - start) / 0.24, 3), 1.6 + 1.75 * (day - 1)


@login_required
def about(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        customer = get_object_or_404(Customer.objects.select_for_update(), user=request.user)
        form = AboutForm(request.POST, instance=customer)
        if not form.is_valid():
            return HttpResponse(form.errors.as_text(), status=422)
        form.save()
    return redirect("record")
