"""The secrets of a development machine are made once and are nobody else's to read."""

import base64
from pathlib import Path

import pytest

from portal.dev.secret_files import KEYS, PASSWORDS, own_folder, secret_files


def test_each_secret_has_a_file_of_its_own_that_only_its_owner_reads(tmp_path: Path) -> None:
    settings = secret_files(tmp_path / "secrets")

    assert set(settings) == {f"{name}_FILE" for name in (*PASSWORDS, *KEYS)}
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    contents = []
    for path in map(Path, settings.values()):
        assert path.stat().st_mode & 0o777 == 0o600
        contents.append(path.read_text())
    assert len(set(contents)) == len(settings)
    assert len(base64.b64decode(Path(settings["KEY_ENCRYPTION_KEY_FILE"]).read_text())) == 32


def test_a_second_run_keeps_them_and_makes_what_is_missing(tmp_path: Path) -> None:
    settings = secret_files(tmp_path)
    key, password = (
        Path(settings["KEY_ENCRYPTION_KEY_FILE"]),
        Path(settings["DATABASE_OWNER_PASSWORD_FILE"]),
    )
    before = key.read_text()
    password.unlink()
    # What a run that was cut off may have left.
    password.with_suffix(".new").write_text("half")

    secret_files(tmp_path)

    assert key.read_text() == before
    assert len(password.read_text()) > 30


@pytest.mark.parametrize("there_already", [False, True])
def test_nobody_else_looks_into_a_folder(tmp_path: Path, there_already: bool) -> None:
    folder = tmp_path / "mail"
    if there_already:
        folder.mkdir(mode=0o755)

    own_folder(folder)

    assert folder.stat().st_mode & 0o777 == 0o700
