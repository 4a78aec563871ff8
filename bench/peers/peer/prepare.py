"""Makes the tables, the records that come as JSON from standard input, and a session for each; prints the sessions."""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "peer.settings")
django.setup()

# Django has no models before it is set up.
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from peer.models import Consent, ContactPoint, ContactWindow, Customer, Note  # noqa: E402


@transaction.atomic
def keep(record: dict) -> str:
    user = User.objects.create_user(record["number"])
    customer = Customer.objects.create(user=user, number=record["number"], **record["profile"])
    for model, items in ((ContactPoint, "points"), (ContactWindow, "windows"), (Consent, "consents")):
        for item in record[items]:
            model.objects.create(customer=customer, **item)
    notes = {}
    for note in record["notes"]:
        id, about = note.pop("id"), note.pop("about")
        notes[id] = Note.objects.create(customer=customer, about=notes.get(about), **note)
    for pronouns in ("she", "he", "they"):  # what the page says of the last changes
        customer.pronouns = pronouns
        customer.save()
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


call_command("migrate", verbosity=0)
call_command("migrate", run_syncdb=True, verbosity=0)  # the peer's own models, which refer to those of the others
print(json.dumps([keep(record) for record in json.load(sys.stdin)]))
