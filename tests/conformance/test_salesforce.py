"""What is Salesforce's own."""

import pytest

from portal.crm.answers import CallFailed
from portal.crm.port import Ref, Reject
from tests.conformance.of_salesforce import OfSalesforce, salesforce
from tests.conftest import Stores


async def test_an_erasure_that_a_rule_of_the_company_keeps_from_ending_ends_in_its_words(stores: Stores) -> None:
    async with salesforce(stores) as subject:
        assert isinstance(subject, OfSalesforce)
        alice = subject.wish(seq=3, entries=[1, 2, 3])
        await subject.connector.push([alice])
        subject.salesforce.undeletable.add(subject.told(2))

        with pytest.raises(CallFailed) as refused:
            await subject.connector.erase(Ref(None, alice.customer_id))

        kept = [task["Subject"] for task in subject.salesforce.rows["Task"].values() if not task["IsDeleted"]]
    assert refused.value.outcome == Reject("DELETE_FAILED: this task is kept for ten years")
    assert kept == [subject.told(2)], "what can go is gone"
