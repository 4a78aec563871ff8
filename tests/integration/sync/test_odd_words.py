"""CRMs hold words that no record could hold, and write ours in ways of their own. Neither stops anybody, nor goes on
for ever."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from portal.audit.values import Value
from portal.catalogue.model import Owner
from portal.crm.port import ConsentStatus, Desired, Outcome
from portal.sync.sweep import sweep
from tests.builders import a_consent, a_customer
from tests.conftest import Stores
from tests.integration.sync.remote_crm import RemoteCrm
from tests.integration.sync.test_drift import drift
from tests.integration.sync_stage import Stage, a_stage

TEXT = "good_to_know"
OFFERS = ("offers", "phone")


def of_the_portal(stores: Stores, key: str) -> Stores:
    """A catalogue in which a field is the portal's."""
    catalogue = stores.worker.catalogue
    fields = {**catalogue.fields, key: replace(catalogue.fields[key], owner=Owner.PORTAL)}
    each = (stores.customer, stores.staff, stores.worker)
    return Stores(*(replace(one, catalogue=replace(catalogue, fields=fields)) for one in each))


class Rewriting(RemoteCrm):
    """Keeps a text in a way of its own."""

    def __init__(self, name: str, rewrites: Callable[[str], str]) -> None:
        super().__init__(conditional=False)
        self.name, self.rewrites = name, rewrites

    def _write(self, desired: Desired) -> Outcome:
        outcome = super()._write(desired)
        fields = self.contacts[desired.customer_id].fields
        if isinstance(said := fields.get(self.name), str):
            fields[self.name] = self.rewrites(said)
        return outcome


async def two_people(stage: Stage) -> tuple[UUID, UUID]:
    people = [(await a_customer(stage.stores.worker, language="en")).record.id for _ in range(2)]
    await stage.settle()
    return people[0], people[1]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("customer_since", "31.12.2024"),
        ("customer_since", "86400000"),
        ("time_zone", "Mars/Base"),
        ("helps_me", "loud music"),
    ],
)
async def test_a_word_that_is_no_value_stops_nobody(own_stores: Stores, key: str, said: Value) -> None:
    crm = RemoteCrm()
    stage = await a_stage(of_the_portal(own_stores, key), crm)
    alice, bob = await two_people(stage)
    crm.edit(alice, {stage.line.names[key]: said})
    await stage.says(bob, {"profile/language": "de"})
    await stage.says(alice, {"profile/language": "de"})

    await stage.settle()

    assert [(await stage.state(each))["status"] for each in (alice, bob)] == ["synced", "synced"]
    assert crm.contacts[bob].fields["language"] == "de"
    assert any(str(said) in note for note in crm.notes[alice]), "it is told as it came"


async def test_a_record_that_cannot_be_told_is_parked_alone(
    own_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm = RemoteCrm()
    stage = await a_stage(own_stores, crm)
    alice, bob = await two_people(stage)
    for each in (alice, bob):
        await stage.says(each, {"profile/language": "de"})
    from portal.sync import push
    from portal.sync.desired import desired

    def stumbles(line: object, row: object) -> Desired:
        if row.claimed.customer_id == alice:  # type: ignore[attr-defined]
            raise ValueError
        return desired(line, row)  # type: ignore[arg-type]

    monkeypatch.setattr(push, "desired", stumbles)
    await stage.settle()
    assert [(await stage.state(each))["status"] for each in (alice, bob)] == ["parked", "synced"]


FORMS = {"blanks": "{} ".format, "capitals": str.upper, "line ends": lambda said: said.replace("\n", "\r\n")}


@pytest.mark.parametrize("rewrites", FORMS.values(), ids=FORMS)
async def test_our_word_in_the_crms_own_form_is_our_word(own_stores: Stores, rewrites: Callable[[str], str]) -> None:
    crm = Rewriting(TEXT, rewrites)
    stage = await a_stage(of_the_portal(own_stores, TEXT), crm)
    alice, _bob = await two_people(stage)
    await stage.says(alice, {f"profile/{TEXT}": "One\ntwo"})
    await stage.settle()
    assert (await stage.record(alice)).seq == 2, "nobody has said anything since"
    assert crm.calls <= 3
    await stage.later(minutes=2)
    await sweep(stage.line, size=1_000, grace=0)
    assert await drift(stage, alice) == [], "and it is no drift"


async def test_a_crm_that_cannot_keep_what_we_say_is_overruled_a_few_times_and_then_left_alone(
    own_stores: Stores,
) -> None:
    crm = Rewriting(TEXT, lambda said: said[:5])
    stage = await a_stage(of_the_portal(own_stores, TEXT), crm)
    alice, _bob = await two_people(stage)
    await stage.says(alice, {f"profile/{TEXT}": "Ring twice."})
    await stage.settle()
    calls, record = crm.calls, await stage.record(alice)
    assert (record.seq, record.profile[TEXT]) == (5, "Ring twice."), "three times it is in the log"

    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()
    assert (await stage.record(alice)).seq == 6
    assert crm.calls <= calls + 2

    await stage.says(alice, {f"profile/{TEXT}": "Ring once."})
    await stage.settle()
    assert (await stage.record(alice)).seq == 10, "a new word is spoken up for again"


@pytest.mark.parametrize("said_there", [True, False])
async def test_a_consent_that_is_emptied_there_is_none_any_more(own_stores: Stores, said_there: bool) -> None:
    crm = RemoteCrm(holds_consents=True)
    stage = await a_stage(own_stores, crm)
    alice, _bob = await two_people(stage)
    if said_there:
        crm.says(alice, *OFFERS, ConsentStatus.OPT_IN)
    else:
        await stage.says(alice, a_consent(*OFFERS, "opt_in"), action="consent:given")
    await stage.settle()
    assert (await stage.record(alice)).consent(*OFFERS).status is ConsentStatus.OPT_IN  # type: ignore[union-attr]

    crm.says(alice, *OFFERS, None)
    await stage.settle()

    found = (await stage.record(alice)).consent(*OFFERS)
    assert found is not None and found.status is ConsentStatus.NOT_SEEN
    assert crm.contacts[alice].consents[OFFERS] is ConsentStatus.NOT_SEEN
    assert (await stage.state(alice))["status"] == "synced"
