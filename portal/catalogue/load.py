"""Reads catalogue.toml. A mistake in it is an error that names file, line and key."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from portal.catalogue import model, shape
from portal.catalogue.crm_names import crm_contradictions
from portal.catalogue.lines import line_of
from portal.catalogue.model import AgentAccess, Catalogue, CustomerAccess, Kind, LawfulBasis, Owner
from portal.record.models import ConsentStatus

KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


class CatalogueError(Exception):
    """The catalogue cannot be used: `path`:`line`, the `key` that is wrong, and why."""

    def __init__(self, path: Path, line: int, key: str, why: str) -> None:
        super().__init__(f"{path}:{line}: {key}: {why}" if key else f"{path}:{line}: {why}")
        self.path, self.line, self.key, self.why = path, line, key, why


def load(path: Path) -> Catalogue:
    """Read and check a catalogue.

    Raises:
        CatalogueError: the file is missing, is no TOML, or says something that does not fit together.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CatalogueError(path, 1, "", f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CatalogueError(path, 1, "", "is not UTF-8") from None
    try:
        file = shape.File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise CatalogueError(path, int(found[1]) if found else text.count("\n") + 1, "", f"not TOML: {error}") from None
    except ValidationError as error:
        problem = error.errors()[0]
        key = [str(part) for part in problem["loc"]]
        raise CatalogueError(path, line_of(text, key), ".".join(key), _words(problem)) from None
    for key, why in _contradictions(file):
        raise CatalogueError(path, line_of(text, key), ".".join(key), why)
    return _catalogue(file)


def _words(problem: Mapping[str, Any]) -> str:
    match problem["type"]:
        case "extra_forbidden":
            return "is not known here; is it misspelt?"
        case "missing":
            return "is missing"
        case "enum":
            return f"must be one of {problem['ctx']['expected']}, not {problem['input']!r}"
    return str(problem["msg"]).lower()


def _contradictions(file: shape.File) -> Iterable[tuple[list[str], str]]:
    for table in ("sections", "fields", "channels", "purposes", "notices", "contact_points"):
        for key in getattr(file, table):
            if not KEY.fullmatch(key):
                yield [table, key], "a key has small letters, digits and _, begins with a letter, at most 40"
    for key, field in file.fields.items():
        here = ["fields", key]
        if field.section not in file.sections:
            yield [*here, "section"], f"there is no section {field.section!r}"
        wants_choices = field.kind in (Kind.CHOICE, Kind.CHOICES)
        if wants_choices and not field.choices:
            yield [*here, "choices"], f"a field of kind {field.kind} needs choices"
        if field.choices and not wants_choices:
            yield [*here, "choices"], f"a field of kind {field.kind} has no choices"
        if field.owner is Owner.CRM and field.customer is CustomerAccess.EDIT:
            yield (
                [*here, "customer"],
                "a field that the CRM owns cannot be edited by the customer: view, request, hidden",
            )
        if field.owner is Owner.PORTAL and field.agent is AgentAccess.EDIT:
            yield (
                [*here, "agent"],
                "a field that the portal owns cannot be edited by agents: make its owner shared or crm",
            )
    for key, purpose in file.purposes.items():
        if purpose.notice not in file.notices:
            yield ["purposes", key, "notice"], f"there is no notice {purpose.notice!r}"
        for name in ("channels", "locked"):
            for channel in getattr(purpose, name) or []:
                if channel not in file.channels:
                    yield ["purposes", key, name], f"there is no channel {channel!r}"
        if purpose.locked and purpose.lawful_basis is LawfulBasis.CONSENT:
            yield ["purposes", key, "locked"], "what rests on consent can be withdrawn, so no channel can be locked"
        if purpose.lawful_basis is LawfulBasis.CONSENT and purpose.default is ConsentStatus.OPT_IN:
            yield (
                ["purposes", key, "default"],
                "silence is no consent: a purpose that rests on it cannot start as opt_in",
            )
    yield from crm_contradictions(file)


_DEFAULT_LENGTH = {Kind.TEXT: 200, Kind.MULTILINE: 2_000}


def _catalogue(file: shape.File) -> Catalogue:
    everywhere = tuple(file.channels)
    return Catalogue(
        sections={
            k: model.Section(k, _labels(s.label), _labels(s.help), _labels(s.agent_label or s.label))
            for k, s in file.sections.items()
        },
        fields={
            k: model.Field(
                k,
                f.section,
                f.kind,
                _labels(f.label),
                _labels(f.help),
                f.owner,
                f.customer,
                f.agent,
                f.required,
                f.sensitive,
                f.max_length or _DEFAULT_LENGTH.get(f.kind, 0),
                {value: _labels(label) for value, label in f.choices.items()},
                _crm(f.crm),
            )
            for k, f in file.fields.items()
        },
        channels={
            k: model.Channel(k, _labels(c.label), c.system, tuple(c.uses), c.immediate)
            for k, c in file.channels.items()
        },
        purposes={
            k: model.Purpose(
                k,
                _labels(p.label),
                _labels(p.help),
                p.lawful_basis,
                p.default,
                tuple(p.locked),
                everywhere if p.channels is None else tuple(p.channels),
                p.notice,
                {connector: _crm(channels) for connector, channels in p.crm.items()},
            )
            for k, p in file.purposes.items()
        },
        notices={k: model.Notice(k, n.version, _labels(n.text)) for k, n in file.notices.items()},
        contact_points={
            k: model.CrmContactPoint(k, c.system, tuple(c.uses), _crm(c.crm), c.owner)
            for k, c in file.contact_points.items()
        },
        summary=_crm(file.summary.crm),
        restriction=_crm(file.restriction.crm),
    )


def _crm(named: Mapping[str, shape.CrmField]) -> Mapping[str, model.CrmField]:
    return {key: model.CrmField(field.name, field.type, field.values) for key, field in named.items()}


def _labels(labels: shape.Labels | None) -> Mapping[str, str]:
    return labels.model_dump() if labels else model.NO_LABELS
