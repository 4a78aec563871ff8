"""A catalogue to begin with: the one that comes along, and what a kind of CRM calls its fields."""

import re
from pathlib import Path

from portal.errors import NotFound
from portal.paths import resource

FOLDER = Path(__file__).parent
TABLE = re.compile(r"^(?=\[)", re.MULTILINE)


def sample(kind: str, name: str) -> str:
    """A whole catalogue, as TOML, for a CRM of a kind that the settings call by this name.

    Raises:
        NotFound: there is none for this kind.
    """
    path = FOLDER / kind / "sample.toml"
    if kind not in kinds_with_sample():
        raise NotFound(
            f"There is no sample for {kind!r}.", hint=f"There are some for {', '.join(kinds_with_sample())}."
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
