"""What Odoo says in ways of its own."""

import pytest

from portal.crm.odoo.load import _wrong
from portal.crm.odoo.rpc import _rpc_outcome
from portal.crm.port import Reject, Retry


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("odoo.exceptions.AccessDenied", Retry("our login is refused: no")),
        ("odoo.exceptions.AccessError", Retry("our login lacks a permission: no")),
        ("odoo.exceptions.ValidationError", Reject("no", whole=True)),
        ("odoo.exceptions.UserError", Reject("no", whole=True)),
        ("builtins.ValueError", Reject("no", whole=True)),
        ("psycopg2.errors.SerializationFailure", Retry("no")),
        ("psycopg2.OperationalError", Retry("no")),
    ],
)
def test_an_error_inside_an_answer_says_whether_trying_again_helps(name: str, expected: object) -> None:
    error = {"code": 200, "message": "Odoo Server Error", "data": {"name": name, "message": "no"}}
    assert _rpc_outcome(error) == expected


def test_an_import_says_which_rows_were_wrong() -> None:
    messages = [
        {"type": "warning", "message": "fine", "rows": {"from": 0, "to": 0}},
        {"type": "error", "message": "bad date", "rows": {"from": 2, "to": 2}},
        {"type": "error", "message": "bad plan", "record": 1},
        {"type": "error", "message": "of all of it"},
    ]
    assert _wrong(messages) == {2: "bad date", 1: "bad plan", 0: "of all of it"}
    assert _wrong(None) == {}
