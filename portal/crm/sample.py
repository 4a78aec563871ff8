"""A catalogue to begin with: the one that comes along, and what a kind of CRM calls its fields."""

import re
from pathlib import Path

from portal.errors import Invalid, NotFound
from portal.paths import resource
from portal.settings.connectors import CONNECTOR_NAME

FOLDER = Path(__file__).parent
TABLE = re.compile(r"^(?=\[)", re.MULTILINE)


def sample(kind: str, name: str) -> str:
    """A whole catalogue, as TOML, for a CRM of a kind that the settings call by this name.

    Raises:
        NotFound: there is none for this kind.
        Invalid: no CRM can be called so.
    """
    path = FOLDER / kind / "sample.toml"
    if kind not in kinds_with_sample():
        raise NotFound(
            f"There is no sample for {kind!r}.", hint=f"There are some for {', '.join(kinds_with_sample())}."
        )
    name = name.lower()  # as settings are read
    if not re.fullmatch(CONNECTOR_NAME, name):
        raise Invalid(
            f"No CRM can be called {name!r}: a name has letters, digits and _, begins with a letter, at most 32."
        )
    about, *more = TABLE.split(path.read_text(encoding="utf-8").replace(f"crm.{kind} =", f"crm.{name} ="))
    head, *tables = TABLE.split(resource("catalogue.toml").read_text(encoding="utf-8").rstrip() + "\n\n")
    for table in more:
        header, _, lines = table.partition("\n")
        place = next((n for n, there in enumerate(tables) if there.startswith(f"{header}\n")), None)
        if place is None:
            tables.append(table)
        else:
            tables[place] = f"{tables[place].rstrip()}\n{lines}"
    return "".join([about, head, *tables]).rstrip() + "\n"


def kinds_with_sample() -> list[str]:
    """The kinds of CRM that there is a sample for."""
    return sorted(path.parent.name for path in FOLDER.glob("*/sample.toml"))
