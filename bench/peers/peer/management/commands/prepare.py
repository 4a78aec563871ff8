"""Makes the tables, the records that come as JSON from standard input, and a session for each; prints the sessions."""

import json
import sys

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import BaseCommand, call_command
from django.db import transaction
from peer.models import Consent, ContactPoint, ContactWindow, Customer, Note


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


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: object, **options: object) -> None:
        call_command("migrate", verbosity=0)
        call_command(
            "migrate", run_syncdb=True, verbosity=0
        )  # the peer's own models, which refer to those of the others
        self.stdout.write(json.dumps([keep(record) for record in json.load(sys.stdin)]))
