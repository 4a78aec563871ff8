"""Where the files lie that the package reads but that are not Python."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_BUNDLED = _PACKAGE / "_bundled"


def resource(name: str) -> Path:
    """The path of `templates`, `static`, `alembic`, `alembic.ini`, `catalogue.toml`, `contrib` or
    `.env.example`.

    In a checkout they lie beside the package, where people look for them; in an installed wheel inside it,
    because the top level of site-packages belongs to everybody.
    """
    return (_BUNDLED if _BUNDLED.is_dir() else _PACKAGE.parent) / name
