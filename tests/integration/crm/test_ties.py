"""Contacts that are nobody's become a customer's, because somebody who knows says so."""

from uuid import UUID

from portal.sync.steer import relink
from tests.conformance.subject import Subject
from tests.integration.crm.test_other_crms import alice, stage, subject
from tests.integration.sync_stage import Stage

OLIVIA = "018f0000-0000-7000-8000-0000000000f1"
__all__ = ["alice", "stage", "subject"]


async def test_a_contact_made_by_hand_for_one_that_was_deleted_becomes_theirs(
    stage: Stage, subject: Subject, alice: UUID
) -> None:
    await subject.delete(alice)
    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()
    await stage.later(minutes=6)
    await stage.settle()
    assert (await stage.state(alice))["status"] == "parked"

    new = await subject.somebody("Marsh")
    assert await relink(stage.stores.staff.database, stage.line.name, alice, new, actor=OLIVIA, ahead=stage.line.ahead)
    await stage.settle()

    there = await subject.there(alice)
    assert there is not None and there.remote_id == new
    assert there.fields[subject.names["language"]] == subject.raw_of("language", "de")
    state = await stage.state(alice)
    assert (state["status"], state["remote_id"]) == ("synced", new)
