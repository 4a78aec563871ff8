"""An agent finds a customer by whatever the caller says first."""

import httpx2
import pytest

from portal.crm.embedded.card import SEARCH
from portal.record.read import StoredRecord
from tests.builders import a_contact_point, a_customer
from tests.integration.desk.conftest import htmx
from tests.integration.desk.reading import text
from tests.integration.sync_stage import Stage

KEYS = ["Alice Marsh", "marsh, alice", "ali mar", "MARSH", "alice.marsh@example.com", "alice.m", "+44 20 7946 0018",
        "020 7946 0018", "(020) 7946-0018"]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
async def test_an_agent_finds_a_customer_by(as_grace: httpx2.AsyncClient, alice: StoredRecord, key: str) -> None:
    response = await as_grace.get("/desk", params={"q": key})

    assert response.status_code == 200
    assert f"/desk/customers/{alice.record.id}" in response.text


async def test_the_beginning_of_the_customer_number_will_do(as_grace: httpx2.AsyncClient, alice: StoredRecord) -> None:
    assert str(alice.record.id) in (await as_grace.get("/desk", params={"q": alice.record.number[:9]})).text


async def test_a_customer_number_that_was_typed_in_full_opens_the_customer(
    as_grace: httpx2.AsyncClient, alice: StoredRecord
) -> None:
    response = await as_grace.get("/desk", params={"q": f" {alice.record.number.lower()} "})

    assert response.status_code == 303
    assert response.headers["location"] == f"/desk/customers/{alice.record.id}"


async def test_it_stays_in_the_list_while_somebody_types(as_grace: httpx2.AsyncClient, alice: StoredRecord) -> None:
    response = await as_grace.get("/desk", params={"q": alice.record.number}, headers=htmx())

    assert response.status_code == 200
    assert str(alice.record.id) in response.text
    assert "<html" not in response.text, "a fragment"


async def test_people_of_one_name_can_be_told_apart_without_their_addresses(
    as_grace: httpx2.AsyncClient, stage: Stage
) -> None:
    for email, phone in (("ann@home.example", "+442079460111"), ("a.smith@work.example", "+442079460222")):
        values = a_contact_point("email", email) | a_contact_point("phone", phone, rank=2)
        await a_customer(stage.stores.worker, values=values, given_name="Anneliese", family_name="Smith")
    await stage.settle()

    page = (await as_grace.get("/desk", params={"q": "anneliese smith"})).text

    assert "2 customers" in page
    assert "a…@home.example · …111" in text(page)
    assert "a…@work.example · …222" in text(page)
    assert "ann@home.example" not in page
    assert "7946" not in page


async def test_a_search_without_a_hit_says_what_to_try(as_grace: httpx2.AsyncClient, alice: StoredRecord) -> None:
    page = (await as_grace.get("/desk", params={"q": "nobody <b>at all</b>"})).text

    assert "Nobody was found for “nobody &lt;b&gt;at all&lt;/b&gt;”" in page
    assert str(alice.record.id) not in page


async def test_the_first_page_lists_whom_the_agent_opened_lately(
    as_grace: httpx2.AsyncClient, alice: StoredRecord, bob: StoredRecord
) -> None:
    assert "Type the beginning of a name" in (await as_grace.get("/desk")).text
    await as_grace.get(f"/desk/customers/{alice.record.id}")

    page = (await as_grace.get("/desk")).text

    assert "Lately opened by you" in page
    assert str(alice.record.id) in page
    assert str(bob.record.id) not in page


@pytest.mark.asvs("1.2.4")
@pytest.mark.parametrize("query", ["%", "'", "a" * 5_000, ",,,", "  ", "’-.", "😀", "a b c d e f g h i"])
async def test_whatever_is_typed_is_answered(as_grace: httpx2.AsyncClient, query: str) -> None:
    assert (await as_grace.get("/desk", params={"q": query})).status_code == 200


@pytest.mark.parametrize("query", ["%ff%fe", "%00"])
async def test_a_damaged_address_is_refused(as_grace: httpx2.AsyncClient, query: str) -> None:
    assert (await as_grace.get(f"/desk?q={query}")).status_code == 400


async def test_a_search_takes_two_statements(
    as_grace: httpx2.AsyncClient, alice: StoredRecord, statements: list[str]
) -> None:
    await as_grace.get("/desk", params={"q": "alice"})

    assert len(statements) == 2, "the session, and the search"


async def test_who_is_called_just_that_comes_before_a_hundred_whose_name_goes_on(
    as_grace: httpx2.AsyncClient, stage: Stage
) -> None:
    await stage.all(
        """WITH made AS (
            INSERT INTO crm.contact (portal_id, number, name)
            SELECT gen_random_uuid(), 'Z-' || n, CASE n WHEN 150 THEN 'Zara' ELSE 'Zarathustra' END
            FROM generate_series(1, 150) n RETURNING id, name)
        INSERT INTO crm.search_key (contact_id, key) SELECT id, lower(name) FROM made"""
    )

    page = text((await as_grace.get("/desk", params={"q": "zara"})).text)

    assert page.index("Zara ") < page.index("Zarathustra")


@pytest.mark.parametrize("terms", [["ludmilla"], ["ludmilla", "zuckerberg"], ["zuck", "ludmilla"], ["ludmilla", "z"]])
async def test_a_search_reads_no_more_where_more_have_the_name(stage: Stage, terms: list[str]) -> None:
    read = []
    for _ in range(2):
        await stage.all(
            """WITH made AS (
                INSERT INTO crm.contact (portal_id, number, name)
                SELECT gen_random_uuid(), gen_random_uuid(), (ARRAY['Ludmilla', 'Ludo'])[1 + n % 2] || ' Zuckerberg'
                FROM generate_series(1, 1000) n RETURNING id, lower(split_part(name, ' ', 1)) AS given)
            INSERT INTO crm.search_key (contact_id, key)
            SELECT id, key FROM made, unnest(ARRAY[
                given, 'zuckerberg', ' ' || given || ' zuckerberg', ' zuckerberg ' || given]) key"""
        )
        read.append(await pages_read(stage, terms))

    assert 0 < read[1] < 1.5 * read[0] < 1_000


async def pages_read(stage: Stage, terms: list[str]) -> int:
    async with stage.stores.staff.database.snapshot() as connection:
        # As the planner decides where there are more.
        await connection.execute("SET LOCAL enable_seqscan = off")
        await connection.execute(SEARCH, [terms, 20])  # the first time, the catalogue of tables is read, too
        explained = await connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {SEARCH}", [terms, 20])
        [(plan,)] = await explained.fetchall()
    return int(plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"])
