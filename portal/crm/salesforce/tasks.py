"""The timeline of a Salesforce contact: completed tasks, each found again by the id of its change record.

https://developer.salesforce.com/docs/platform/object-reference/guide/sforce-api-objects-task.html: Subject has at most
255 characters, Description 32,000; WhoId is the contact.
"""

from collections.abc import Sequence
from typing import Any

from portal.crm.answers import CallFailed
from portal.crm.comparing import Story, Untold, told
from portal.crm.http import Http
from portal.crm.port import Ambiguous, Reject, Retry, TimelineEntry
from portal.crm.said import Own
from portal.crm.salesforce.api import DATA, MOST, quoted, row_failure

ENTRY = "Portal_Entry_Id__c"
MAX_SUBJECT, MAX_DESCRIPTION = 255, 32_000
COLLECTION = f"{DATA}/composite/sobjects"


async def write_tasks(http: Http, stories: Sequence[Story]) -> Untold:
    """Write the tasks of some contacts; gives why one was refused, by the contact.

    Raises:
        CallFailed: some may not be there.
    """
    untold: dict[str, Retry | Reject | Ambiguous] = {}
    entries = [(story.remote_id, entry) for story in stories for entry in story.entries]
    for start in range(0, len(entries), MOST):
        some = entries[start : start + MOST]
        body = {"allOrNone": False, "records": [_task(contact, entry) for contact, entry in some]}
        answer = await http.write("PATCH", f"{COLLECTION}/Task/{ENTRY}", body=body)
        rows = answer.body
        if not isinstance(rows, list) or len(rows) != len(some) or not all(isinstance(row, dict) for row in rows):
            raise CallFailed(Ambiguous(Own.WHAT_BECAME_OF_TASKS), answer)
        for (contact, _entry), row in zip(some, rows, strict=True):
            if row.get("success") is not True:
                untold.setdefault(contact, row_failure(row))
    return untold


async def erase_tasks(http: Http, contact: str) -> None:
    """Delete what the portal wrote to a contact's timeline.

    Raises:
        CallFailed: some of it is still there.
    """
    query = f"SELECT Id FROM Task WHERE WhoId IN ({quoted([contact])}) AND {ENTRY} != null LIMIT {MOST}"  # noqa: S608
    while True:
        answer = await http.read("GET", f"{DATA}/query", params={"q": query})
        found = answer.body.get("records") if isinstance(answer.body, dict) else None
        ids = [str(row["Id"]) for row in found or () if isinstance(row, dict) and row.get("Id")]
        if not ids:
            return
        answer = await http.write("DELETE", COLLECTION, params={"ids": ",".join(ids), "allOrNone": "false"})
        rows = [row for row in answer.body if isinstance(row, dict)] if isinstance(answer.body, list) else []
        if not any(row.get("success") is True for row in rows):
            raise CallFailed(row_failure(rows[0]) if rows else Retry(Own.NOT_ERASED), answer)


def _task(contact: str, entry: TimelineEntry) -> dict[str, Any]:
    text = told(entry)
    return {
        "attributes": {"type": "Task"},
        ENTRY: entry.id,
        "WhoId": contact,
        "Subject": text if len(text) <= MAX_SUBJECT else text[: MAX_SUBJECT - 1] + "…",
        "Description": text[:MAX_DESCRIPTION],
        "Status": "Completed",
        "ActivityDate": entry.at.date().isoformat(),
    }
