"""Static files: their names, what they are sent with, and what they may weigh."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from portal.paths import resource
from portal.web.static import StaticFileError, StaticFiles

IMMUTABLE = "public, max-age=31536000, immutable"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "css/page.css": '@import "more.css"; body { background: url("../img/dot.svg") } a { fill: url(#hatch) }',
        "css/more.css": "p { color: red }" * 20,
        "img/dot.svg": "<svg/>",
        "vendor/LICENSE": "do as you please",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def client(files: StaticFiles) -> TestClient:
    return TestClient(Starlette(routes=[Mount("/static", files)]))


def test_a_name_changes_with_what_the_file_holds(folder: Path) -> None:
    before = StaticFiles(folder).url("css/more.css")

    (folder / "css/more.css").write_text("p { color: blue }")

    after = StaticFiles(folder).url("css/more.css")
    assert re.fullmatch(r"/static/css/more\.[0-9a-f]{12}\.css", after)
    assert before != after


def test_a_style_sheet_changes_its_name_with_what_it_refers_to(folder: Path) -> None:
    before = StaticFiles(folder).url("css/page.css")

    (folder / "img/dot.svg").write_text("<svg><g/></svg>")

    assert StaticFiles(folder).url("css/page.css") != before


def test_a_style_sheet_refers_to_the_hashed_names(folder: Path) -> None:
    files = StaticFiles(folder)

    css = client(files).get(files.url("css/page.css")).text

    assert f'@import "{files.url("css/more.css")}"' in css
    assert f'url("{files.url("img/dot.svg")}")' in css
    assert "url(#hatch)" in css


def test_a_reference_to_nothing_stops_the_start(folder: Path) -> None:
    (folder / "css/more.css").write_text("p { background: url(gone.png) }")

    with pytest.raises(StaticFileError, match=r"css/more\.css refers to gone\.png, and static/css/gone\.png"):
        StaticFiles(folder)


def test_style_sheets_that_import_each_other_stop_the_start(folder: Path) -> None:
    (folder / "css/more.css").write_text('@import "page.css";')

    with pytest.raises(StaticFileError, match="refers to itself"):
        StaticFiles(folder)


def test_an_empty_folder_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(StaticFileError, match="holds no static files"):
        StaticFiles(tmp_path)


def test_a_template_that_names_no_file_is_told_so(folder: Path) -> None:
    with pytest.raises(StaticFileError, match=r"static/css/nothing\.css does not exist"):
        StaticFiles(folder).url("css/nothing.css")


def test_a_company_puts_its_own_file_in_the_place_of_ours(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.css"
    own.write_text("p { color: green }")
    files = StaticFiles(folder, overrides={"css/more.css": own})

    assert client(files).get(files.url("css/more.css")).text == "p { color: green }"


def test_a_missing_file_of_a_company_stops_the_start(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StaticFileError, match=r"gone\.css, for static/css/more\.css, cannot be read"):
        StaticFiles(folder, overrides={"css/more.css": tmp_path / "gone.css"})


def test_files_may_be_kept_for_ever(folder: Path) -> None:
    files = StaticFiles(folder)

    answer = client(files).get(files.url("img/dot.svg"))

    assert answer.headers["cache-control"] == IMMUTABLE
    assert answer.headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [("gzip, br", "gzip"), ("*", "gzip"), ("gzip;q=0", None), ("gzip; q=0.0, br", None), ("br", None), ("", None)],
)
def test_files_are_compressed_for_who_can_read_that(folder: Path, accept: str, encoding: str | None) -> None:
    files = StaticFiles(folder)

    answer = client(files).get(files.url("css/more.css"), headers={"accept-encoding": accept})

    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.text == "p { color: red }" * 20


def test_head_tells_the_length_and_sends_nothing(folder: Path) -> None:
    files = StaticFiles(folder)

    answer = client(files).head(files.url("css/more.css"), headers={"accept-encoding": "identity"})

    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(len("p { color: red }") * 20)
    assert answer.content == b""


@pytest.mark.asvs("13.2.5")
@pytest.mark.parametrize(
    "path",
    ["/static/css/more.css", "/static/css/more.000000000000.css", "/static/", "/static/../pyproject.toml",
     "/static/%2e%2e/pyproject.toml", "/static/vendor/LICENSE", "/static/vendor/LICENSE.0123456789ab"],
)  # fmt: skip
def test_nothing_else_is_there(folder: Path, path: str) -> None:
    answer = client(StaticFiles(folder)).get(path)

    assert answer.status_code == 404
    assert answer.headers.get("cache-control") != IMMUTABLE


def test_nothing_can_be_written(folder: Path) -> None:
    files = StaticFiles(folder)

    answer = client(files).post(files.url("css/more.css"))

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


# What we ship


def test_the_style_sheets_stay_within_their_budget() -> None:
    files = StaticFiles(resource("static"))

    assert sum(_weight(files, name) for name in ("css/portal.css", "css/brand.css")) < 15_000


def test_our_own_script_stays_small() -> None:
    assert _weight(StaticFiles(resource("static")), "js/portal.js") < 4_000


def test_vendored_files_are_what_their_list_says() -> None:
    listed = _vendored()
    folder = resource("static")

    assert {name for name in listed} == {
        path.relative_to(folder).as_posix() for part in ("vendor", "fonts") for path in (folder / part).rglob("*.*")
        if path.suffix in (".js", ".css", ".woff2")
    }  # fmt: skip
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


def test_vendored_files_have_their_licences() -> None:
    for folder in ("vendor/htmx", "vendor/uplot", "fonts"):
        assert (resource("static") / folder / "LICENSE").is_file()


def _weight(files: StaticFiles, name: str) -> int:
    return len(gzip.compress(files.file(name).body, 9))


def _vendored() -> dict[str, str]:
    rows = (resource("static") / "vendor" / "README.md").read_text().splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if row.startswith("|")]
    return {name: digest for name, *_rest, digest in cells[2:]}


def test_what_every_page_has_is_served_as_one(folder: Path) -> None:
    (folder / "js").mkdir()
    (folder / "js/a.js").write_text("let a = 1")
    (folder / "js/b.js").write_text("let b = 2")
    bundles = {"css/all.css": ("css/page.css", "css/more.css"), "js/all.js": ("js/a.js", "js/b.js")}

    files = StaticFiles(folder, bundles=bundles)

    css = client(files).get(files.url("css/all.css")).text
    assert css.index("@import") == 0 and css.endswith("p { color: red }")
    assert files.url("img/dot.svg") in css
    assert client(files).get(files.url("js/all.js")).text == "let a = 1\n;\nlet b = 2"
    before = files.url("js/all.js")
    (folder / "js/b.js").write_text("let b = 3")
    assert StaticFiles(folder, bundles=bundles).url("js/all.js") != before


def test_a_style_sheet_in_the_middle_of_a_bundle_imports_none(folder: Path) -> None:
    with pytest.raises(StaticFileError, match=re.escape("static/css/page.css must not import")):
        StaticFiles(folder, bundles={"css/all.css": ("css/more.css", "css/page.css")})
