"""What the portal is made of is known, to the byte; and an audit that did not take place does not look like one."""

import re
from pathlib import Path

import pytest

from tests.security.audit import verdict
from tests.security.bill import VENDORED, missing, with_vendored
from tests.security.locks import FOLDER, locked, needed_here

LOCKS = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
@pytest.mark.asvs("15.1.2")
def test_each_package_is_locked_to_one_version_and_its_bytes(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    packages = locked(lock)

    assert packages
    for package in packages:
        assert re.fullmatch(r"==[^,*]+", str(package.specifier)), package
    assert len(re.findall(r"^[a-z0-9][^\n]* \\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)) == len(packages)
    assert "://" not in text, "a lock names no place to download from"


@pytest.mark.asvs("15.1.2")
def test_the_bill_names_what_a_server_installs_and_what_browsers_are_sent() -> None:
    installed = [
        {"name": one.name, "version": str(one.specifier).removeprefix("==")}
        for one in locked(FOLDER / "production.txt")
        if needed_here(one)
    ]
    bill = with_vendored({"components": installed}, VENDORED.read_text(encoding="utf-8"))

    assert missing(bill) == []
    htmx = next(one for one in bill["components"] if one["name"] == "htmx.org")
    assert htmx["purl"] == f"pkg:npm/htmx.org@{htmx['version']}"
    assert htmx["licenses"] == [{"license": {"id": "0BSD"}}]
    assert [file["name"] for file in htmx["components"]][:1] == ["static/vendor/htmx/htmx.min.js"]
    bill["components"] = [one for one in bill["components"] if one["name"] != "starlette"]
    assert [one.partition("=")[0] for one in missing(bill)] == ["starlette"]


def test_a_flaw_is_told_with_what_mends_it() -> None:
    flaw = {"id": "PYSEC-1", "fix_versions": ["2.1"]}
    said, code = verdict([{"name": "one", "version": "2.0", "vulns": [flaw]}, {"name": "two", "skip_reason": "x"}])

    assert (said, code) == ("Known to be vulnerable:\n  one 2.0: PYSEC-1, mended in 2.1", 1)


def test_nothing_known_is_good_news_only_if_everything_was_asked() -> None:
    good = {"name": "one", "version": "2.0", "vulns": []}

    assert verdict([good]) == ("Nothing is known against any of the 1 packages.", 0)
    said, code = verdict([good, {"name": "two", "skip_reason": "not found"}])
    assert code == 2
    assert "could not be asked about 1 of 2 packages" in said and "two" in said
