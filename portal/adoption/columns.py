"""The columns of a file, by the paths of a record: what each cell says in the record's words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from portal import clock
from portal.adoption.person import Address, Person, Said, complaint
from portal.audit.values import Value, format_moment
from portal.catalogue.check import contact_point_problem, problems
from portal.catalogue.model import Catalogue, Field, Kind
from portal.errors import Invalid
from portal.record.addresses import normal
from portal.record.models import ConsentStatus, System, Use, display_name

NUMBER = "customer_number"
CAPTURED, VERSION = "capture_date", "notice_version"
SEVERAL = ";"
"""Between several choices in one cell."""
DAY = "a day, such as 2026-03-31"
TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def known_columns(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Every column that is understood, and what it takes."""
    yield NUMBER, "required: the customer number, once in the file"
    for field in catalogue.fields.values():
        yield field.path, _takes(field)
    for system in System:
        yield f"contact_points/{system}/USE", f"USE is {', '.join(Use)}; their rank is the order of the columns"
    for purpose in catalogue.purposes.values():
        for channel in purpose.channels:
            yield f"consents/{purpose.key}/{channel}", ", ".join(ConsentStatus)
            yield f"consents/{purpose.key}/{channel}/{CAPTURED}", f"{DAY}, or a moment; an opt_in needs one"
            yield f"consents/{purpose.key}/{channel}/{VERSION}", "of the text that was shown"


def _takes(field: Field) -> str:
    match field.kind:
        case Kind.CHOICE:
            return f"one of {', '.join(field.choices)}"
        case Kind.CHOICES:
            return f"some of {', '.join(field.choices)}, with {SEVERAL} between them"
        case Kind.BOOLEAN:
            return "true or false"
        case Kind.DATE:
            return DAY
        case Kind.LANGUAGE:
            return "a code, such as de"
        case Kind.TIME_ZONE:
            return "a name, such as Europe/Berlin"
        case Kind.COUNTRY:
            return "a code, such as DE"
    return f"a text of at most {field.max_length} characters"


@dataclass(frozen=True, slots=True)
class Columns:
    """A heading that is understood. `country` is where a phone number without a country code is taken to be."""

    catalogue: Catalogue
    headings: Sequence[str]
    country: str | None = None

    @classmethod
    def read(cls, catalogue: Catalogue, headings: Sequence[str], country: str | None = None) -> "Columns":
        """The columns of a heading.

        Raises:
            Invalid: it has no customer number, or a column that is not understood, or one twice.
        """
        names = [heading.strip() for heading in headings]
        known = {name for name, _takes in known_columns(catalogue) if "/USE" not in name}
        points = {f"contact_points/{system}/{use}" for system in System for use in Use}
        hint = "portal customer import --columns prints those that are understood."
        if NUMBER not in names:
            raise Invalid(f"The first line has no column {NUMBER}.", hint=hint)
        if strange := [name for name in names if name not in known | points]:
            raise Invalid(f"Not understood in the first line: {', '.join(map(repr, strange))}.", hint=hint)
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise Invalid(f"Twice in the first line: {', '.join(twice)}.", hint=hint)
        return cls(catalogue, names, country)

    def person(self, where: str, cells: Sequence[str]) -> Person:
        """What a line says; a cell that is empty says nothing."""
        if len(cells) != len(self.headings):
            why = f"has {len(cells)} cells, and the first line {len(self.headings)}"
            as_far = dict(zip(self.headings, cells, strict=False))
            return Person(where, as_far.get(NUMBER, "").strip() or None, "", {}, wrong={"line": why})
        said = {name: cell.strip() for name, cell in zip(self.headings, cells, strict=True) if cell.strip()}
        profile = {path: self._value(path, cell) for path, cell in said.items() if path.startswith("profile/")}
        wrong: dict[str, str] = {}
        addresses = tuple(self._addresses(said, wrong))
        consents = dict(self._consents(said, wrong))
        statuses: dict[str, Value] = {f"consents/{'/'.join(k)}/status": one.status.value for k, one in consents.items()}
        number: dict[str, Value] = {"customer/number": said[NUMBER]} if NUMBER in said else {}
        found = problems(self.catalogue, number | profile | statuses)
        return Person(
            where=where,
            number=said.get(NUMBER),
            name=display_name({path.removeprefix("profile/"): value for path, value in profile.items()}),
            profile=profile,
            addresses=addresses,
            consents=consents,
            wrong=wrong | {path: self._told(path, why[0], said) for path, why in found.items()},
        )

    def _told(self, path: str, why: str, said: Mapping[str, str]) -> str:
        """What is wrong with a cell, and what it takes."""
        cell = said[NUMBER if path == "customer/number" else path.removesuffix("/status")]
        field = self.catalogue.fields.get(path.removeprefix("profile/"))
        takes = "" if field is None or field.kind in (Kind.TEXT, Kind.MULTILINE) else f"; it takes {_takes(field)}"
        return complaint(cell, why) + takes

    def _value(self, path: str, cell: str) -> Value:
        field = self.catalogue.fields[path.removeprefix("profile/")]
        match field.kind:
            case Kind.BOOLEAN:
                return TRUTH.get(cell.lower(), cell)
            case Kind.CHOICES:
                chosen = [one.strip() for one in cell.split(SEVERAL) if one.strip()]
                order = list(field.choices)
                return sorted(dict.fromkeys(chosen), key=lambda one: order.index(one) if one in order else len(order))
            case Kind.MULTILINE:
                return "\n".join(cell.splitlines())
        return cell

    def _addresses(self, said: Mapping[str, str], wrong: dict[str, str]) -> Iterator[Address]:
        for path, cell in said.items():
            if path.startswith("contact_points/"):
                _, system, use = path.split("/")
                one = Address(System(system), normal(System(system), cell, self.country), Use(use))
                if why := contact_point_problem(one.system, one.value):
                    wrong[path] = complaint(cell, why)
                yield one

    def _consents(self, said: Mapping[str, str], wrong: dict[str, str]) -> Iterator[tuple[tuple[str, str], Said]]:
        for path, cell in said.items():
            if path.startswith("consents/") and path.count("/") == 2:
                _, purpose, channel = path.split("/")
                if cell not in list(ConsentStatus):
                    wrong[path] = complaint(cell, f"is none of {', '.join(ConsentStatus)}")
                    continue
                day = f"{path}/{CAPTURED}"
                captured = _captured(day, said.get(day), wrong)
                if cell == ConsentStatus.OPT_IN and day not in said:
                    wrong[path] = f"an opt_in needs the day on which it was given: column {day}"
                yield (purpose, channel), Said(ConsentStatus(cell), captured, said.get(f"{path}/{VERSION}"))


def _captured(column: str, cell: str | None, wrong: dict[str, str]) -> str | None:
    """A day or a moment of the past, as a record has it."""
    if cell is None:
        return None
    try:
        at = datetime.fromisoformat(cell)
        at = at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        wrong[column] = complaint(cell, f"is no date; it takes {DAY}, or a moment")
        return None
    if at > clock.now():
        wrong[column] = complaint(cell, "is yet to come")
    return format_moment(at)
