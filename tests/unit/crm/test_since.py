"""A feed that can only be asked for what was modified since a moment tells every edit, and each page once."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.crm.since import Row, Since

PAGE = 3


class Table:
    """Rows with coarse moments, asked page by page as a CRM's search is."""

    def __init__(self, moments: list[int]) -> None:
        self.rows: list[Row] = [{"id": str(number), "at": at} for number, at in enumerate(moments)]
        self.now = max(moments, default=0)

    async def search(self, since: int, until: int, position: str | None) -> tuple[list[Row], str | None]:
        fitting = sorted((r for r in self.rows if since <= r["at"] <= until), key=lambda row: int(row["at"]))
        start = int(position or 0)
        more = str(start + PAGE) if start + PAGE < len(fitting) else None
        return fitting[start : start + PAGE], more

    def feed(self) -> Since:
        ahead = timedelta(days=-365_00)  # every moment is over
        return Since(self.search, lambda row: str(row["id"]), lambda row: int(row["at"]), ahead)


async def told(feed: Since, cursor: str | None) -> tuple[list[str], str]:
    """All that a feed tells from a cursor on, and the cursor at its end."""
    seen: list[str] = []
    for _ in range(100):
        rows, later = await feed.read(cursor)
        seen += [str(row["id"]) for row in rows]
        if later == cursor:
            return seen, later
        cursor = later
    raise AssertionError("the feed does not end")


@given(st.lists(st.integers(0, 5), max_size=20), st.lists(st.integers(6, 9), max_size=10))
async def test_every_row_is_told_once_also_where_many_share_a_moment(first: list[int], more: list[int]) -> None:
    table = Table(first)
    seen, cursor = await told(table.feed(), None)
    assert sorted(seen, key=int) == [str(number) for number in range(len(first))]

    table.rows += [{"id": str(100 + number), "at": at} for number, at in enumerate(more)]
    seen, again = await told(table.feed(), cursor)
    assert sorted(seen, key=int) == [str(100 + number) for number in range(len(more))]
    assert await told(table.feed(), again) == ([], again)


async def test_what_is_not_over_yet_waits_for_the_next_time() -> None:
    just_now = int(datetime.now(UTC).timestamp() * 1000)
    table = Table([just_now])
    feed = table.feed()
    feed.settles = timedelta(seconds=30)
    assert (await feed.read(None))[0] == []
    feed.settles = timedelta(seconds=-30)
    assert len((await feed.read(None))[0]) == 1
