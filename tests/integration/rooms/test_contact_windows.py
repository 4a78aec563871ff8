"""When Alice wants to be contacted."""

from datetime import time

import httpx2
import pytest

from portal.record.models import WindowKind
from tests.builders import a_window
from tests.integration.rooms.conftest import Elsewhere
from tests.integration.rooms.forms_on_page import Typed, form_to, open_form, send

WINDOWS = "/record/contact-windows"
EVENING: Typed = {
    "weekdays": ["1", "2"],
    "start": "17:00",
    "end": "20:00",
    "channel": "phone",
    "time_zone": "Europe/London",
}


async def test_she_adds_one(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    form = await open_form(as_alice, WINDOWS)
    assert form.fields["weekdays"] == ["1", "2", "3", "4", "5"]

    answer = await send(as_alice, form, EVENING)

    assert answer.status_code == 303 and answer.headers["location"].endswith("#windows")
    (window,) = (await alices.record()).contact_windows
    assert (window.kind, window.channel, window.weekdays) == (WindowKind.DO, "phone", (1, 2))
    assert (window.start, window.end, window.time_zone) == (time(17), time(20), "Europe/London")
    page = await as_alice.get("/record")
    assert "Mon, Tue, 17:00–20:00" in page.text and "When to call" in page.text


async def test_a_whole_day_and_every_channel(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    form = await open_form(as_alice, WINDOWS)

    answer = await send(
        as_alice, form, htmx=True, kind="do_not", weekdays="7", all_day="y", channel="-", time_zone="Europe/London"
    )

    assert answer.status_code == 200
    (window,) = (await alices.record()).contact_windows
    assert (window.kind, window.channel) == (WindowKind.DO_NOT, None)
    assert window.start == window.end == time()
    assert "Sun, all day" in answer.text


async def test_a_form_that_the_browser_kept_adds_a_second_one(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    form = await open_form(as_alice, WINDOWS)
    await send(as_alice, form, EVENING)

    # Back, and other days chosen over the first ones: the form has the id and the version of then.
    answer = await send(as_alice, form, {**EVENING, "weekdays": ["5"]})

    assert answer.status_code == 303
    assert {window.weekdays for window in (await alices.record()).contact_windows} == {(1, 2), (5,)}


async def test_sending_twice_makes_one_and_the_same_again_is_refused(
    as_alice: httpx2.AsyncClient, alices: Elsewhere
) -> None:
    form = await open_form(as_alice, WINDOWS)
    first = await send(as_alice, form, EVENING)
    second = await send(as_alice, form, EVENING)
    assert first.headers["location"] == second.headers["location"]

    again = await send(as_alice, await open_form(as_alice, WINDOWS), EVENING)

    assert again.status_code == 422 and "This window is in your record already." in again.text
    assert len((await alices.record()).contact_windows) == 1


async def test_she_changes_and_removes_one(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    await send(as_alice, await open_form(as_alice, WINDOWS), EVENING)
    (window,) = (await alices.record()).contact_windows

    form = await open_form(as_alice, f"{WINDOWS}/{window.id}")
    assert form.fields["start"] == ["17:00"] and form.fields["channel"] == ["phone"]
    answer = await send(as_alice, form, htmx=True, action="save", end="02:00")
    assert answer.status_code == 200 and "17:00–02:00, into the next day" in answer.text
    assert (await alices.record()).contact_windows[0].end == time(2)

    form = await open_form(as_alice, f"{WINDOWS}/{window.id}")
    for _twice in range(2):
        assert (await send(as_alice, form, action="remove")).status_code == 303
    assert (await alices.record()).contact_windows == ()
    assert (await as_alice.get(f"{WINDOWS}/{window.id}")).status_code == 404


async def test_two_who_change_the_same_one(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    await send(as_alice, await open_form(as_alice, WINDOWS), EVENING)
    (window,) = (await alices.record()).contact_windows
    form = await open_form(as_alice, f"{WINDOWS}/{window.id}")
    await alices.change({f"contact_windows/{window.id}/weekdays": [6], f"contact_windows/{window.id}/end": "21:00"})

    asked = await send(as_alice, form, action="save", weekdays=["3"], end="19:00", start="16:00")

    # Then the days and hours are words, and what nobody else touched is merged
    assert asked.status_code == 409
    for words in ("Mon, Tue", "Sat", "Wed", "20:00", "21:00", "19:00", "16:00"):
        assert words in asked.text, words
    mixed = form_to(asked.text, f"{WINDOWS}/{window.id}")
    await send(as_alice, mixed, {"choice.weekdays": "now"})
    (window,) = (await alices.record()).contact_windows
    assert (window.weekdays, window.start, window.end) == ((6,), time(16), time(19))


async def test_removing_what_changed_meanwhile_asks_first(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    await send(as_alice, await open_form(as_alice, WINDOWS), EVENING)
    (window,) = (await alices.record()).contact_windows
    form = await open_form(as_alice, f"{WINDOWS}/{window.id}")
    await alices.change({f"contact_windows/{window.id}/weekdays": [6]})

    asked = await send(as_alice, form, action="remove")

    assert asked.status_code == 409 and "Mon, Tue, 17:00–20:00" in asked.text and "Sat, 17:00–20:00" in asked.text
    again = form_to(asked.text, f"{WINDOWS}/{window.id}")
    assert (await send(as_alice, again, {"choice.weekdays": "now"})).status_code == 303
    assert len((await alices.record()).contact_windows) == 1
    assert (await send(as_alice, again)).status_code == 303
    assert (await alices.record()).contact_windows == ()


@pytest.mark.asvs("2.2.3")
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"weekdays": None}, "Choose at least one day."),
        ({"weekdays": ["8"]}, "not a valid choice"),
        ({"start": None, "end": None}, "Enter when it begins"),
        ({"end": ""}, "Enter when it ends"),
        ({"start": "25:00"}, "Not a valid time value."),
        ({"end": "17:00"}, "It ends when it begins."),
        ({"kind": "maybe"}, "Not a valid choice"),
        ({"channel": "pigeon"}, "Not a valid choice"),
        ({"time_zone": "Moon/Crater"}, "Not a valid choice"),
        ({"time_zone": ""}, "Choose one."),
    ],
)
async def test_what_is_no_window_is_said_at_the_field(
    as_alice: httpx2.AsyncClient, alices: Elsewhere, typed: Typed, words: str
) -> None:
    form = await open_form(as_alice, WINDOWS)

    answer = await send(as_alice, form, {**EVENING, **typed})

    assert answer.status_code == 422 and words in answer.text
    assert (await alices.record()).contact_windows == ()


@pytest.mark.asvs("2.3.2")
async def test_there_is_a_limit(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    # Given as many as are kept
    windows = [a_window(start=f"{hour:02}:00", end=f"{hour + 1:02}:00") for hour in range(20)]
    await alices.change({path: value for window in windows for path, value in window.items()})

    answer = await send(as_alice, await open_form(as_alice, WINDOWS), {**EVENING, "start": "21:00", "end": "22:00"})

    assert answer.status_code == 422 and "You can keep 20 contact windows." in answer.text
