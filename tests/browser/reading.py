"""Reading a page as somebody does who sees it badly, on a narrow screen, without a mouse, or in another language."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT as AXE
from playwright.async_api import Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]

# What somebody can read or hear, other than code, other languages, and long lists to choose from.
TEXTS = """() => {
  const texts = new Set();
  const skipped = "script, style, template, code, pre, del, ins, option, [lang]:not(html)";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    if (!node.parentElement.closest(skipped)) texts.add(node.data.replace(/\\s+/g, " ").trim());
  }
  for (const name of ["aria-label", "placeholder", "title", "alt"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) texts.add(element.getAttribute(name).trim());
  }
  texts.add(document.title);
  return [...texts].filter((text) => /\\p{L}{2}/u.test(text));
}"""

TOO_WIDE = """() => {
  const root = document.documentElement, width = root.clientWidth;
  if (root.scrollWidth <= width) return [];
  const reach = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 0.5);
  return reach.slice(0, 5).map((e) => `${e.tagName}.${e.className} ${Math.ceil(e.getBoundingClientRect().right)} px`);
}"""


async def barriers(page: Page, part: str | None = None) -> list[str]:
    """What axe finds against WCAG 2.2 AA and good practice, on the page or a part of it; one line for each element."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    found = await page.evaluate(
        "([part, options]) => axe.run(part ?? document, options)",
        [part, {"resultTypes": ["violations"], "runOnly": WCAG}],
    )
    violations: list[dict[str, Any]] = found["violations"]
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {node.get('failureSummary', '')}"
        for violation in violations
        for node in violation["nodes"]
    ]


async def too_wide(page: Page) -> list[str]:
    """What reaches beyond the right edge, where the page scrolls sideways."""
    found: list[str] = await page.evaluate(TOO_WIDE)
    return found


async def texts(page: Page) -> set[str]:
    """What the page says, text by text."""
    return set(await page.evaluate(TEXTS))
