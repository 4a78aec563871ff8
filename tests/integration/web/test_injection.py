"""Whatever people write stays what they wrote: no markup, no script, no template, no statement, no formula."""

import csv
import io
import json
from html import unescape

import httpx2
import pytest

from portal.audit.values import Value
from portal.record.change import change
from portal.record.read import StoredRecord
from tests.builders import a_contact_point, a_note, an_intention, the_customer
from tests.conftest import Stores

MARKUP = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'"
TEMPLATE = "{{ 7 * 191 }}{% raw %}${7*191}#{7*191}"
STATEMENT = "'); DROP TABLE portal.note; --"
FORMULAS = ("=cmd|' /C calc'!A0", " =1+1", "\t=1+1", "\n=1+1", "\u00a0=1+1", "+1", "-1", "@SUM(1)", "＝1+1")


@pytest.fixture
async def written(stores: Stores, alice: StoredRecord) -> StoredRecord:
    values: dict[str, Value] = {
        "profile/call_me": MARKUP[:40],
        "profile/good_to_know": f"{MARKUP} {TEMPLATE} {STATEMENT}",
    }
    for text in (MARKUP, TEMPLATE, STATEMENT, *FORMULAS):
        values |= a_note(text)
    values |= a_contact_point("postal", f"{MARKUP}\n{TEMPLATE}", rank=9)
    me = the_customer(alice.record.id)
    await change(stores.worker, alice.record.id, an_intention("note:added", me), values)
    return alice


@pytest.mark.asvs("1.2.1", "1.2.3", "1.2.4", "1.3.7", "3.2.2")
async def test_on_pages_it_is_text(
    as_alice: httpx2.AsyncClient, as_oscar: httpx2.AsyncClient, written: StoredRecord
) -> None:
    for browser, path in (
        (as_alice, "/record"),
        (as_alice, "/record/changes"),
        (as_alice, "/record/profile/service"),
        (as_oscar, f"/audit?customer={written.record.number}"),
        (as_oscar, f"/audit/changes/{written.record.id}/2"),
    ):
        page = (await browser.get(path)).text
        assert "<script>alert" not in page and "<img src=x" not in page, path
        assert "1337" not in page, path
    record = (await as_alice.get("/record")).text
    for text in (MARKUP, TEMPLATE, STATEMENT):
        assert text in unescape(record)


@pytest.mark.asvs("1.2.3", "3.2.1")
async def test_in_json_it_is_a_string(as_oscar: httpx2.AsyncClient, written: StoredRecord) -> None:
    answer = await as_oscar.get(f"/audit/export.json?customer={written.record.number}")

    assert answer.headers["content-disposition"].startswith("attachment")
    text = json.dumps(json.loads(answer.text), ensure_ascii=False)
    assert json.dumps(MARKUP, ensure_ascii=False)[1:-1] in text


@pytest.mark.asvs("1.2.10", "3.2.1")
async def test_in_a_spreadsheet_it_is_no_formula(as_oscar: httpx2.AsyncClient, written: StoredRecord) -> None:
    answer = await as_oscar.get(f"/audit/export.csv?customer={written.record.number}")

    assert answer.headers["content-disposition"].startswith("attachment")
    cells = [cell for row in csv.reader(io.StringIO(answer.text)) for cell in row]
    for formula in FORMULAS:
        assert f"'{formula}" in cells, repr(formula)
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]
