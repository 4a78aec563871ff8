"""Sample data for looking at pages: the usual cast, at noon of 22 November 2026, in objects of the real kinds."""

from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace as Some
from uuid import UUID

from wtforms import Form, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField, validators, widgets

from portal.catalogue.load import load
from portal.contact.week import week
from portal.paths import resource
from portal.record.models import (
    Consent, ConsentStatus, ContactPoint, ContactWindow, Note, NoteKind, Provenance, Record, System, Use, WindowKind,
)

NOW = datetime(2026, 11, 22, 12, 3, 9, tzinfo=UTC)
CATALOGUE = load(resource("catalogue.toml"))


def uid(n):
    return UUID(int=n)


def window(n, kind, days, start, end, channel=None):
    return ContactWindow(uid(n), kind, channel, days, time.fromisoformat(start), time.fromisoformat(end), "Europe/London")


WINDOWS = (
    window(31, WindowKind.DO, (1, 2, 3, 4, 5), "17:00", "20:00"),
    window(32, WindowKind.DO, (6,), "10:00", "13:15"),
    window(33, WindowKind.DO_NOT, (7,), "00:00", "00:00"),
)


def consent(purpose, channel, status, day):
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return Consent(purpose, channel, ConsentStatus(status), at, "portal", at, None, "consent", purpose, "2026-03")


NOTES = tuple(
    Note(uid(n), kind, about, body, by, name, NOW - timedelta(hours=h))
    for n, kind, about, body, by, name, h in (
        (41, NoteKind.NOTE, None, "I am moving on 1 December. The new tenant takes over the meter, I have sent the reading twice.", "customer", "Alice Marsh", 2),
        (42, NoteKind.NOTE, None, "The engineer may use the key at number 12.", "customer", "Alice Marsh", 17.5),
        (43, NoteKind.ANSWER, uid(42), "Thank you, I have put it on the order for Tuesday.", "agent", "Grace Okafor", 2.9),
    )
)

RECORD = Record(
    id=uid(1), number="20418", seq=41,
    profile={"given_name": "Alice", "family_name": "Marsh", "call_me": "Alice", "pronunciation": "AL-iss", "pronouns": "she", "language": "de",
             "time_zone": "Europe/London", "helps_me": ["text_first", "extra_time"], "account_tier": "home_plus", "customer_since": "2019-04-01"},
    said={"account_tier": Provenance(39, NOW - timedelta(days=20), "agent", "desk")},
    contact_points=(
        ContactPoint(uid(21), System.PHONE, "+44 20 7946 0018", Use.MOBILE, 1),
        ContactPoint(uid(22), System.EMAIL, "alice@example.com", Use.PRIVATE, 2),
        ContactPoint(uid(23), System.POSTAL, "14 Mill Lane, Bath BA1 1AB", Use.HOME, 3),
    ),
    contact_windows=WINDOWS,
    consents=(
        consent("offers", "email", "opt_out", "2026-11-03"), consent("offers", "phone", "opt_out", "2026-11-03"),
        consent("surveys", "email", "opt_in", "2026-03-12"),
    ),
    notes=NOTES,
)


class ProfileForm(Form):
    given_name = StringField("First name", [validators.InputRequired("Enter your first name.")])
    call_me = StringField("Call me", description="The name you would like to hear.")
    pronouns = SelectField("Pronouns", choices=[("", ""), ("she", "she/her")], validators=[validators.Optional()])
    helps_me = SelectMultipleField("Helps me", choices=[("a", "a text before you call"), ("b", "extra time"), ("c", "speak slowly and clearly"), ("d", "letters in large print")],
                                   option_widget=widgets.CheckboxInput(), widget=widgets.ListWidget())
    good = TextAreaField("Good to know", description="Anything that saves you from explaining it again.")


class WindowForm(Form):
    kind = RadioField("Contact is", [validators.InputRequired()], choices=[("do", "welcome"), ("do_not", "please not")])
    weekdays = SelectMultipleField("On", [validators.InputRequired("Choose at least one day.")], choices=[(str(i), d) for i, d in enumerate("Mon Tue Wed Thu Fri Sat Sun".split(), 1)],
                                   option_widget=widgets.CheckboxInput(), widget=widgets.ListWidget())
    start = StringField("From", [validators.InputRequired()], widget=widgets.TimeInput())
    end = StringField("Until", [validators.InputRequired()], widget=widgets.TimeInput())
    channel = SelectField("About", choices=[("", "calls and messages"), ("phone", "Phone")], validators=[validators.InputRequired()])
    time_zone = SelectField("Times are told in", choices=[("Europe/London", "London")], validators=[validators.InputRequired()])


class PointForm(Form):
    system = SelectField("What it is", choices=[("phone", "Phone number"), ("email", "E-mail address")], validators=[validators.InputRequired()])
    use = SelectField("Where it reaches you", choices=[("mobile", "mobile"), ("work", "at work")], validators=[validators.InputRequired()])
    value = StringField("Number or address", [validators.InputRequired("Enter a number or an address.")])


class NoteForm(Form):
    body = TextAreaField("Add a note", [validators.InputRequired("Write something first.")])


def stops(*states):
    names = ("Saved", "In the CRM", "Dialler")
    return [Some(name=n, state=s, at=NOW - timedelta(seconds=5 - i) if s == "done" else None) for i, (n, s) in enumerate(zip(names, states))]


def line(label, old, new):
    return Some(label=label, old=old, new=new)


CHANGES = [
    Some(seq=41, who="You", at=NOW - timedelta(seconds=5), lines=[line("Preferred language", "English", "German")], stops=stops("done", "wait"), undo=None),
    Some(seq=40, who="You", at=NOW - timedelta(minutes=4), lines=[line("When to contact you", None, "Mon–Fri, 17:00–20:00")], stops=stops("done", "done"), undo=None),
    Some(seq=39, who="Grace Okafor, customer care", at=NOW - timedelta(hours=3), lines=[line("Plan", "Home", "Home plus")], stops=stops("done", "failed"), undo=None),
]

WEEK = Some(title=None, zone="Europe/London", days=week(WINDOWS), today=7, now=723,
            summary="Calls are welcome Mon–Fri 17:00–20:00 and Sat 10:00–13:15, and not wanted on Sun.")
