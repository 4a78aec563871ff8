"""The record page as a person's browser has it: bytes, requests, first paint."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from playwright.async_api import BrowserContext, CDPSession, Page, async_playwright

from bench import people
from bench.ground import Ground
from bench.row import CannotBeMeasured, Line, Row

ROUNDS = 3
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8 * 0.9, "uploadThroughput": 750e3 / 8 * 0.9}
"""Lighthouse's: 150 ms there and back, 1.6 Mbit/s."""

SHIFTS = """new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.shifted = (window.shifted || 0) + entry.value
}).observe({type: "layout-shift", buffered: true})"""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@dataclass(frozen=True)
class Visit:
    """What one visit took: bytes over the wire, requests, milliseconds to the first paint, how far things moved."""

    bytes: int
    requests: int
    paint: float
    shift: float


async def measure(ground: Ground) -> Row:
    row = Row(
        "In a browser",
        "Chromium with the throughput and latency of slow 4G: the first visit with nothing kept, and the second. Bytes "
        "are those on the wire, headers included; the live stream that stays open counts as a request.",
    )
    executable = os.environ.get("CHROMIUM")
    if not executable:
        raise CannotBeMeasured("CHROMIUM names no browser; `make bench` finds one")
    person = (await people.customers(ground, 1))[0]
    first, second = [], []
    # On plain http, because a certificate would be of this machine alone; on localhost, where that is no difference.
    with ground.portal(ENVIRONMENT="development", PUBLIC_URL="http://localhost") as web:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
            for _ in range(ROUNDS):
                context = await browser.new_context()
                address = f"http://localhost:{web.port}"
                name = person.cookie.partition("=")[0].removeprefix("__Host-")
                await context.add_cookies([{"name": name, "value": person.token, "url": address}])
                first.append(await _visit(context, f"{address}/record"))
                second.append(await _visit(context, f"{address}/record"))
                await context.close()
            await browser.close()
    row.lines = [*_lines("first visit", first, 80_000), *_lines("second visit", second, 10_000)]
    return row


def _lines(what: str, visits: list[Visit], most: int) -> list[Line]:
    size, requests = median(visit.bytes for visit in visits), median(visit.requests for visit in visits)
    paint, shift = median(visit.paint for visit in visits), max(visit.shift for visit in visits)
    return [
        Line(f"{what}, bytes", f"{size / 1000:.1f} kB", "", "", f"<= {most // 1000} kB", size <= most),
        Line(f"{what}, requests", f"{requests:.0f}", "", "", "<= 6", requests <= 6),
        Line(f"{what}, first contentful paint", f"{paint:.0f} ms"),
        Line(f"{what}, layout shift", f"{shift:.3f}", "", "", "none", shift < 0.001),
    ]


async def _visit(context: BrowserContext, address: str) -> Visit:
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    counted: dict[str, float] = {"bytes": 0, "requests": 0}
    await _count(session, counted)
    await page.add_init_script(SHIFTS)
    await page.goto(address, wait_until="load")
    await page.wait_for_timeout(1_500)
    visit = Visit(int(counted["bytes"]), int(counted["requests"]), await page.evaluate(PAINT), await _shift(page))
    await page.close()
    return visit


async def _count(session: CDPSession, counted: dict[str, float]) -> None:
    kept: set[str] = set()

    def served_from_cache(event: Mapping[str, Any]) -> None:
        kept.add(event["requestId"])

    def answered(event: Mapping[str, Any]) -> None:
        response = event["response"]
        if event["requestId"] not in kept and not response.get("fromDiskCache") and response["url"].startswith("http"):
            counted["requests"] += 1
            counted["bytes"] += response.get("encodedDataLength", 0)  # so far: the headers

    def received(event: Mapping[str, Any]) -> None:
        counted["bytes"] += event["encodedDataLength"]

    session.on("Network.requestServedFromCache", served_from_cache)
    session.on("Network.responseReceived", answered)
    session.on("Network.dataReceived", received)
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", SLOW_4G)


async def _shift(page: Page) -> float:
    return float(await page.evaluate("window.shifted || 0"))
