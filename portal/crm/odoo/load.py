"""Odoo's import, `load`: all rows or none (odoo/orm/models.py).

Column `id` is an external id, column `.id` a record's number, and every value is a text, in the language and time zone
of the context.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.crm.answers import phrase
from portal.crm.odoo.rpc import Rpc, unclear
from portal.crm.said import Own


async def load(
    rpc: Rpc, model: str, rows: Sequence[Mapping[str, str]], context: Mapping[str, Any]
) -> tuple[list[int], dict[int, str]]:
    """Import rows of the same columns; gives the numbers of the records, or why some rows were wrong, by their place:
    then none was imported.

    Raises:
        CallFailed: it is refused as a whole, or nobody knows what became of it.
    """
    columns = list(rows[0])
    data = [[row[column] for column in columns] for row in rows]
    answer = await rpc.call(model, "load", fields=columns, data=data, writes=True, context=context)
    ids, messages = (answer.get("ids"), answer.get("messages")) if isinstance(answer, dict) else (None, None)
    if isinstance(ids, list) and len(ids) == len(rows):
        return ids, {}
    wrong = {place: why for place, why in _wrong(messages).items() if place < len(rows)}
    if not wrong:
        raise unclear(None, writes=True)
    return [], wrong


def _wrong(messages: Any) -> dict[int, str]:
    """Why rows were wrong, by their place. A message that names no row is about the first."""
    said: dict[int, str] = {}
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict) and message.get("type") == "error":
            numbers = message.get("rows")
            number = numbers.get("from", 0) if isinstance(numbers, dict) else message.get("record", 0)
            said.setdefault(int(number), phrase(str(message.get("message"))) or Own.REFUSED)
    return said
