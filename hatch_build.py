"""Build hook: compiles the translations, and packs what lies beside the package into it."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# What portal.paths.resource() finds at the top of the checkout, or in here in an installed wheel.
BUNDLED = ("templates", "static", "alembic", "alembic.ini", "catalogue.toml", "contrib", ".env.example")


class PortalBuildHook(BuildHookInterface[Any]):
    """Runs for the wheel, the source archive and the editable install alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the .mo files; for a real wheel, also take in the files that the package reads."""
        root = Path(self.root)
        compile_translations(root / "portal" / "locale")
        if self.target_name == "wheel" and version == "standard":
            build_data["force_include"].update({name: f"portal/_bundled/{name}" for name in BUNDLED})


def compile_translations(locale: Path) -> None:
    """Write a .mo file beside every .po file under `locale`."""
    for source in sorted(locale.glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as readable:
            catalogue = read_po(readable, locale=source.parent.parent.name)
        with source.with_suffix(".mo").open("wb") as writable:
            write_mo(writable, catalogue)


if __name__ == "__main__":
    compile_translations(Path(__file__).parent / "portal" / "locale")
