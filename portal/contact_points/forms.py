"""The form of one way to reach the customer. What it asks for depends on what kind of contact point it is."""

from collections.abc import Callable
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from wtforms import EmailField, RadioField, StringField, TelField, TextAreaField
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from portal.catalogue.check import MAX_CONTACT_POINT
from portal.catalogue.told import use_name
from portal.formats import country_name
from portal.i18n import gettext as _
from portal.record.addresses import phone_number
from portal.record.models import System, Use
from portal.web.forms import Form, keepable, line, lines

USES = {
    System.PHONE: (Use.MOBILE, Use.HOME, Use.WORK, Use.OTHER),
    System.EMAIL: (Use.PRIVATE, Use.WORK, Use.OTHER),
    System.POSTAL: (Use.HOME, Use.WORK, Use.OTHER),
    System.MESSAGING: (Use.PRIVATE, Use.WORK, Use.OTHER),
}
"""Where a contact point of each kind usually reaches a person, the most usual first."""


class ContactPointForm(Form):
    """Once it is valid, `value.data` is the value as it is kept: an e-mail address or number in its normal form."""

    value: Field
    use: Field


def contact_point_form(system: System, *, country: str | None, use: Use | None = None) -> type[ContactPointForm]:
    """The form for one kind of contact point, its words in the current language.

    Args:
        country: where a phone number without a country code is taken to be (ISO 3166); None: nowhere.
        use: what the contact point says at present, which can stay.
    """
    uses = [*USES[system], *([use] if use and use not in USES[system] else [])]
    place = RadioField(
        _("Where does it reach you?"),
        choices=[SelectChoice(each.value, use_name(each)) for each in uses],
        default=uses[0].value,
        validators=[InputRequired(_("Choose one."))],
    )
    made = {"value": _VALUES[system](country), "use": place}
    return type("ContactPointForm", (ContactPointForm,), made)


def _email(_country: str | None) -> Any:
    wrong = _("Enter an e-mail address like name@example.com.")

    def normalise(_form: Form, field: Field) -> None:
        try:
            field.data = validate_email(field.data, check_deliverability=False).normalized
        except EmailNotValidError:
            raise ValidationError(wrong) from None

    return EmailField(
        _("E-mail address"),
        filters=[line],
        validators=[*_text(), normalise],
        render_kw={"autocomplete": "email", "maxlength": MAX_CONTACT_POINT, "data-wrong": wrong},
    )


def _phone(country: str | None) -> Any:
    def normalise(_form: Form, field: Field) -> None:
        number = phone_number(field.data, country)
        if number is None:
            raise ValidationError(_("Enter a phone number, such as +44 20 7946 0018."))
        if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
            raise ValidationError(_("This number is too short or too long. Check it, and its country code."))
        field.data = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    return TelField(
        _("Phone number"),
        description=_phone_help(country),
        filters=[line],
        validators=[*_text(), normalise],
        render_kw={"autocomplete": "tel", "maxlength": 40},
    )


def _phone_help(country: str | None) -> str:
    if country is None:
        return _("With its country code, for example +44 20 7946 0018.")
    code = f"+{phonenumbers.country_code_for_region(country)}"
    message = _("A number without a country code is taken to be in %(country)s (%(code)s).")
    return message % {"country": country_name(country), "code": code}


def _postal(_country: str | None) -> Any:
    return TextAreaField(
        _("Postal address"),
        description=_("As it stands on an envelope."),
        filters=[lines],
        validators=_text(several_lines=True),
        render_kw={"autocomplete": "street-address", "rows": 4, "maxlength": MAX_CONTACT_POINT},
    )


def _messaging(_country: str | None) -> Any:
    return StringField(
        _("Messaging name"),
        description=_("The service and your name there, for example “Signal: alice.04”."),
        filters=[line],
        validators=_text(),
        render_kw={"autocomplete": "off", "maxlength": MAX_CONTACT_POINT},
    )


def _text(*, several_lines: bool = False) -> list[Any]:
    too_long = _("This is longer than %(max)d characters.") % {"max": MAX_CONTACT_POINT}
    return [
        DataRequired(_("Fill this in.")),
        keepable(several_lines=several_lines),
        Length(max=MAX_CONTACT_POINT, message=too_long),
    ]


_VALUES: dict[System, Callable[[str | None], Any]] = {
    System.EMAIL: _email,
    System.PHONE: _phone,
    System.POSTAL: _postal,
    System.MESSAGING: _messaging,
}
