"""A form field for each kind of the catalogue."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from wtforms import fields, widgets
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from portal.audit.values import Value
from portal.catalogue.check import field_problem
from portal.catalogue.model import Field, Kind
from portal.catalogue.told import words
from portal.i18n import gettext as _
from portal.web.forms import lists, text


def form_field(field: Field) -> Any:
    """The unbound WTForms field for a field of the catalogue, its words in the current language. (Its type is Any: what
    WTForms gives before a form is made is no field yet.)"""
    given: dict[str, Any] = {"label": words(field.labels), "description": words(field.help) if field.help else ""}
    # White space alone is no text; but what cannot be read, a date for example, is not nothing.
    something = DataRequired if field.kind in (Kind.TEXT, Kind.MULTILINE) else InputRequired
    needed = [something(_("Fill this in."))] if field.required else [Optional()]
    match field.kind:
        case Kind.TEXT | Kind.MULTILINE:
            return _text(field, given, needed)
        case Kind.CHOICE:
            choices = [SelectChoice(value, words(label)) for value, label in field.choices.items()]
            return fields.SelectField(coerce=_chosen, choices=_with_none(field, choices), validators=needed, **given)
        case Kind.CHOICES:
            choices = [SelectChoice(value, words(label)) for value, label in field.choices.items()]
            # Optional would forgive all ticks because the first is empty.
            required = needed if field.required else []
            return Ticks(choices=choices, validators=required, filters=[_in_order(field)], **given)
        case Kind.BOOLEAN:
            return fields.BooleanField(**given)
        case Kind.DATE:
            return IsoDate(validators=needed, **given)
        case Kind.LANGUAGE | Kind.TIME_ZONE | Kind.COUNTRY:
            listed = {Kind.LANGUAGE: lists.languages, Kind.TIME_ZONE: lists.zones, Kind.COUNTRY: lists.countries}
            long = lists.Listed(_with_none(field, listed[field.kind]()))
            return Pick(choices=long, coerce=_chosen, validators=[*needed, _of_catalogue(field)], **given)


def _text(field: Field, given: dict[str, Any], needed: list[Any]) -> Any:
    several = field.kind is Kind.MULTILINE
    make = fields.TextAreaField if several else fields.StringField
    return make(
        filters=[text.lines if several else text.line],
        validators=[*needed, text.keepable(several_lines=several), Length(max=field.max_length)],
        render_kw={"maxlength": field.max_length} | ({"rows": 4} if several else {}),
        **given,
    )


class Ticks(fields.SelectMultipleField):
    """Any number of choices, as tick boxes."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type = "SelectMultipleField"  # what the templates know it as


class IsoDate(fields.DateField):
    """A day; given and taken as RFC 3339 has it, `2026-11-22`."""

    def process_data(self, value: date | str | None) -> None:
        self.data = date.fromisoformat(value) if isinstance(value, str) else value


class Pick(fields.SelectField):
    """One of a long list, which is for choosing and not for forbidding: what the record holds already, such as the old
    name of a time zone, can stay."""

    def __init__(self, label: str | None = None, *, choices: lists.Listed, **kwargs: Any) -> None:
        # WTForms would go through them all, each time that a form is made.
        super().__init__(label, **kwargs)
        self.choices: Sequence[SelectChoice] = choices
        self.listed = choices

    def post_process(self, formdata: Any = None) -> None:
        super().post_process(formdata)  # type: ignore[misc]  # newer than its stubs
        if self.data and self.data not in self.listed.values:
            self.choices = [SelectChoice(self.data), *self.listed]

    def pre_validate(self, form: BaseForm) -> None:
        # What is chosen is on the list by now; that nothing is chosen may be a line of it.
        if self.data is None and "" not in self.listed.values:
            raise ValidationError(self.gettext("Not a valid choice."))


def _with_none(field: Field, choices: Sequence[SelectChoice]) -> Sequence[SelectChoice]:
    return choices if field.required else [SelectChoice("", _("not said")), *choices]


def _chosen(value: Any) -> str | None:
    return str(value).strip() or None if value else None


def _in_order(field: Field) -> Callable[[Any], Any]:
    """Each tick once, in the catalogue's order; what is no choice stays, to be refused."""

    def order(ticked: list[str] | None) -> list[str] | None:
        strangers = [value for value in ticked or () if value not in field.choices]
        return [value for value in field.choices if value in (ticked or ())] + strangers or None

    return order


def _of_catalogue(field: Field) -> Callable[[BaseForm, fields.Field], None]:
    def check(_form: BaseForm, given: fields.Field) -> None:
        value: Value = given.data
        if value is not None and field_problem(field, value):
            raise ValidationError(given.gettext("Not a valid choice."))

    return check
