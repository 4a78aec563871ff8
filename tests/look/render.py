"""Pages from the real templates with sample data, and pictures of them: `python -m tests.look.render [page ...]`."""

import sys
from pathlib import Path
from types import SimpleNamespace as Some

from markupsafe import Markup
from playwright.sync_api import sync_playwright

from portal import clock, i18n
from portal.paths import resource
from portal.web.static import StaticFiles
from portal.web.templates import Templates
from tests.look import samples as s

OUT = Path("/tmp/look")


class Noon(clock.Clock):
    def now(self):
        return s.NOW


def viewer(role, name):
    return Some(role=role, name=name)


ALICE, GRACE = viewer("customer", "Alice Marsh"), viewer("agent", "Grace Okafor")
OSCAR, OLIVIA = viewer("auditor", "Oscar Lindqvist"), viewer("operator", "Olivia Brandt")


def record(**more):
    return dict(
        viewer=ALICE, record=s.RECORD, catalogue=s.CATALOGUE, seq=41, greeting="Good morning, Alice", editing=None, form=None, saved=None,
        sentences=[Markup("Today we may call you between <strong>17:00 and 20:00</strong>, and write e-mail at any time."), "Nobody contacts you for offers."],
        weeks=[s.WEEK], threads=[(s.NOTES[0], []), (s.NOTES[1], [s.NOTES[2]])], note_form=s.NoteForm(), changes=s.CHANGES,
        mirror=[("Call me", "Alice, say AL-iss"), ("Language", "German"), ("Helps me", "a text before you call, extra time")],
        looks=[Some(who="Grace Okafor, customer care", why="to answer your note", at=s.NOW), Some(who="Billing system", why="contact data", at=s.NOW.replace(day=1))],
    ) | more


def wrong(form):
    form.validate()
    return form


PAGES = {
    "record": ("home/record.html", record()),
    "record-edit": ("home/record.html", record(editing="profile/about", form=wrong(s.ProfileForm(data={"call_me": "Al", "helps_me": ["a"]})), has_errors=True)),
    "record-window": ("home/record.html", record(editing="windows/new", form=s.WindowForm(data={"kind": "do", "weekdays": ["1", "2"], "start": "17:00", "end": "20:00"}), saved=Some(card="points", seq=40, words="Saved. On its way to the CRM."))),
    "record-point": ("home/record.html", record(editing=f"points/{s.uid(22)}", form=s.PointForm(data={"system": "email", "value": "alice@example.com"}))),
    "record-consents": ("home/record.html", record(editing="consents", chosen=[], shown=[], checking=[
        Some(purpose=s.CATALOGUE.purposes["offers"], channel=s.CATALOGUE.channels["email"], agree=True, notice=s.CATALOGUE.notices["offers"]),
        Some(purpose=s.CATALOGUE.purposes["surveys"], channel=s.CATALOGUE.channels["phone"], agree=False, notice=None)])),
}


def bar(i, n):
    return Some(label=f"{i + 1} Nov", count=n, href=f"?after=2026-11-{i + 1:02}")


def log_row(seconds, who, via, action, lines, reached, seq, proof, number):
    return Some(at=s.NOW - s.timedelta(seconds=seconds), who=who, via=via, action=action, lines=lines, reached=reached, wanted=2, seq=seq, proof=proof, href="/x", number=number)


ROWS = [
    log_row(2, "Customer 20418", "portal", "profile:changed", [s.line("Preferred language", "English", "German")], 2, 41, "7f3a…e2", "20418"),
    log_row(269, "Customer 20977", "portal", "consent:withdrawn", [s.line("Offers and news: E-mail", "agreed", "opted out")], 1, 9, "c01b…77", "20977"),
    log_row(367, "Grace Okafor", "desk", "note:answered", [s.line("Answer", None, "Thank you, I have put it on the order for Tuesday, and the engineer will ring twice.")], 2, 40, "19dd…0a", "20418"),
    log_row(1316, "Salesforce", "inbound", "profile:merged", [s.line("Plan", "Home", "Home plus")], 2, 39, "aa52…f4", "20418"),
]
HELD = Some(state="holds", entries=8412077, chains=20977, at=s.NOW, took=61.2, problem=None)
DESK = dict(
    viewer=GRACE, seq=41, customer=Some(id=1, name="Alice Marsh", number="20418", about=["say AL-iss", "she/her", "German preferred"]),
    answer=Some(state="yes", verdict="Yes, call now: +44 20 7946 0018, until 20:00", because=["inside her window, Mon–Fri 17:00–20:00", "service: agreed", "text her first"]),
    others=[Some(channel="E-mail", state="yes", words="yes"), Some(channel="Text", state="wait", words="from 17:00"), Some(channel="Letter", state="yes", words="yes"), Some(channel="Offers", state="no", words="no, opted out 3 Nov")],
    threads=[(s.NOTES[0], []), (s.NOTES[1], [s.NOTES[2]])], answer_form=s.NoteForm(), answering=s.NOTES[0].id,
    sections=[Some(key="about", title="About her", editable=True, rows=[Some(label="Preferred language", value="German", said="customer, today at 12:03, was English", fresh=True), Some(label="Pronouns", value="she/her", said="customer, 3 Mar 2026", fresh=False), Some(label="Good to know", value="", said="", fresh=False)]),
              Some(key="account", title="Account", editable=True, rows=[Some(label="Plan", value="Home plus", said="kept by agents", fresh=False)])],
    editing=None, form=None, saved=None, weeks=[s.WEEK], changes=s.CHANGES[:2], stops=s.stops("done", "done", "wait"),
)
PAGES |= {
    "public": ("home/public.html", {}),
    "login": ("identity/login.html", dict(staff=False, problem="The provider did not answer in time. Nothing was changed; please try again.", ways=[Some(href="/a", name="Northwind account", hint="For customers"), Some(href="/b", name="Municipal login", hint=None)])),
    "pending": ("identity/pending.html", dict(viewer=viewer("pending", "mallory@example.com"), account="mallory@example.com", phone="+44 20 7946 0000")),
    "error": ("shared/error.html", dict(status=404, title="This page is not here", message="There is nothing at this address, or nothing that you may see.", hint="Check the address, or go on from the start page.", request_number="0193-77af", way=None)),
    "conflict": ("shared/conflict.html", dict(viewer=ALICE, card_id="profile-about", action="/record/profile/about", back="/record", seq=42, conflict=Some(
        who="Grace Okafor, customer care,", at=s.NOW, hidden=[("call_me", "Alice")], merged=[Some(label="Call me", words="Ally")],
        rows=[Some(name="language", label="Preferred language", seen="English", now="German", typed="French"), Some(name="good", label="Good to know", seen=None, now="Rings twice.", typed="The engineer may use the key at number 12, and must ring twice because of the dog.")]))),
    "history": ("history/changes.html", dict(viewer=ALICE, older="/x", newer=None, days=[Some(day=s.NOW.date(), changes=[Some(**vars(c), proof="7f3a…e2") for c in s.CHANGES])])),
    "desk": ("desk/search.html", dict(viewer=GRACE, q="al", too_many=True, recent=[], results=[Some(id=1, name="Alice Marsh", number="20418", hint="alice@example.com", at=s.NOW), Some(id=2, name="Alan Keller-Wiesengrund", number="20977", hint="alan.keller-wiesengrund@example.com", at=None)])),
    "card": ("desk/card.html", DESK),
    "log": ("auditing/log.html", dict(viewer=OSCAR, heading="1,204 changes by customers to consent, 1 to 22 November, newest first", form_errors=[], filters=Some(customer="", actor="customer", action="", after="2026-11-01", before=""),
        choices=Some(actor=[("customer", "customers"), ("agent", "agents")], action=[("profile:changed", "profile:changed")]), chips=[Some(words="by customers", href="?"), Some(words="since 1 Nov 2026", href="?")],
        bars=[bar(i, n) for i, n in enumerate([34, 41, 212, 88, 60, 55, 48, 30, 26, 52, 61, 58, 49, 44, 28, 25, 57, 63, 70, 66, 54, 31])], plot_words="Between 25 and 88 changes a day, with 212 on 3 November.",
        rows=ROWS, newer=None, older="/x", exports=Some(csv="/c", json="/j"), integrity=HELD)),
    "change": ("auditing/change.html", dict(viewer=OSCAR, back="/audit", earlier="/e", later=None, entry=Some(seq=41, chain="0193a7d0-52c0-7f43-8f5e-3a1c00d9e2aa", at=s.NOW, who="Customer 20418", via="portal", action="profile:changed", number="20418", request="r"),
        lines=[s.line("Preferred language", "English", "German"), s.line("Say it like this", None, "AL-iss")], evidence=[("Request", "0193a7d0"), ("Via", "portal")], stops=s.stops("done", "done"),
        proof=Some(leaf="7f3a" * 16, prev="aa52" * 16, holds=True), canonical='{"action":"profile:changed","actor":{"id":"…","kind":"customer","via":"portal"},"at":"2026-11-22T12:03:07.000000Z"}')),
    "operations": ("operations/status.html", dict(viewer=OLIVIA, verdict=Some(state="wait", verdict="Mostly well: 2 records are parked", because=["database reachable", "2 of 2 workers seen lately"]),
        figures=[("20,977", "customers"), ("41", "changes in the last hour"), ("0.6 s", "from saved to CRM, the middle one"), ("1.4 s", "the slowest in a hundred")],
        connectors=[Some(name="Embedded CRM", state="yes", words="well", due=0, oldest=None, parked=0, last=s.NOW), Some(name="Salesforce", state="wait", words="slowed by its limit", due=1204, oldest=s.NOW - s.timedelta(minutes=4), parked=2, last=s.NOW - s.timedelta(seconds=9))],
        workers=[Some(name="worker-1", state="yes", words="at work", seen=s.NOW)], checks=[Some(name="Migrations", state="yes", words="at head", hint=None), Some(name="Identity provider for staff", state="no", words="no answer", hint="Check STAFF_OIDC_ISSUER.")])),
}


def main(names):
    OUT.mkdir(exist_ok=True)
    static = StaticFiles(resource("static"))
    templates = Templates(resource("templates"), static_url=static.url, globals={"brand": Some(name="Northwind Energy", logo=None), "url": url})
    context = {"csp_nonce": "n", "form_token": "t", "viewer": None}
    clock.current = Noon()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        for name in names or PAGES:
            base, _, rest = name.partition("@")
            page_name, data = PAGES[base]
            for language in ("en", "de"):
                with i18n.using(language, "Europe/London"):
                    html = templates.render(page_name, context | data)
                shoot(browser, static, html, base, language, rest)
        browser.close()


def shoot(browser, static, html, name, language, only):
    shots = [(1280, "light"), (320, "dark")] if language == "en" else [(320, "light"), (768, "light")]
    for width, scheme in shots:
        if only and only != f"{width}{scheme}{language}":
            continue
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce")
        page.on("console", lambda m: print(name, m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: print(name, e))

        def answer(route):
            path = route.request.url.removeprefix("http://portal.test")
            file = static._by_path.get(path.removeprefix("/static"))
            if path == "/":
                route.fulfill(body=html, content_type="text/html; charset=utf-8", headers={"content-security-policy":
                    "default-src 'none'; script-src 'nonce-n'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"})
            elif file:
                route.fulfill(body=file.body, content_type=file.type)
            else:
                route.fulfill(status=204)

        page.route("**/*", answer)
        page.goto("http://portal.test/")
        page.evaluate("document.fonts.ready")
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if overflow > 0:
            print(f"{name} {width} {language}: {overflow}px too wide")
        page.screenshot(path=OUT / f"{name}-{width}-{scheme}-{language}.png", full_page=True)
        page.close()


def url(name, **params):
    return f"/{name}" + "".join(f"/{value}" for value in params.values())


if __name__ == "__main__":
    main(sys.argv[1:])
