"""Who is right when portal and CRM do not agree: the laws of the merge, and the cases people ask about."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.audit.values import State, Value
from portal.sync.merge import STRICTNESS, Merge, Winner, merge

OWNERS = {
    "profile/call_me": Winner.PORTAL,
    "profile/account_tier": Winner.CRM,
    "profile/language": Winner.CUSTOMER,
    "profile/helps_me": Winner.CUSTOMER,
    "consents/offers/phone/status": Winner.STRICTEST,
    "consents/offers/email/status": Winner.STRICTEST,
}
CONSENTS = [path for path in OWNERS if path.startswith("consents/")]


def merged(base: State | None, ours: State, theirs: State) -> Merge:
    return merge(base, ours, theirs, OWNERS, OWNERS.__getitem__)


class TestByCase:
    LANGUAGE = "profile/language"

    def test_what_comes_back_as_it_was_sent_is_an_echo(self) -> None:
        assert merged({self.LANGUAGE: "de"}, {self.LANGUAGE: "de"}, {self.LANGUAGE: "de"}) == Merge()

    def test_a_shared_field_that_only_the_agent_changed_is_taken(self) -> None:
        found = merged({self.LANGUAGE: "en"}, {self.LANGUAGE: "en"}, {self.LANGUAGE: "de"})
        assert found == Merge(take={self.LANGUAGE: "de"})

    def test_a_shared_field_that_only_the_customer_changed_is_given(self) -> None:
        found = merged({self.LANGUAGE: "en"}, {self.LANGUAGE: "de"}, {self.LANGUAGE: "en"})
        assert found == Merge(give=frozenset({self.LANGUAGE}))

    def test_where_both_changed_it_the_customer_wins_and_the_agents_value_is_kept_as_lost(self) -> None:
        found = merged({self.LANGUAGE: "en"}, {self.LANGUAGE: "de"}, {self.LANGUAGE: "fr"})
        assert found == Merge(give=frozenset({self.LANGUAGE}), lost={self.LANGUAGE: "fr"})

    def test_an_emptied_field_is_a_change_like_any_other(self) -> None:
        assert merged({self.LANGUAGE: "en"}, {self.LANGUAGE: "en"}, {}) == Merge(take={self.LANGUAGE: None})

    def test_a_field_of_the_agents_says_what_they_say_even_if_it_changed_here_too(self) -> None:
        tier = "profile/account_tier"
        assert merged({tier: "home"}, {tier: "business"}, {tier: "home_plus"}) == Merge(take={tier: "home_plus"})

    def test_a_field_of_the_portal_is_not_changed_by_agents(self) -> None:
        call_me = "profile/call_me"
        found = merged({call_me: "Al"}, {call_me: "Al"}, {call_me: "Alice"})
        assert found == Merge(give=frozenset({call_me}), lost={call_me: "Alice"})

    @pytest.mark.parametrize(("ours", "theirs"), [("opt_out", "opt_in"), ("opt_in", "opt_out")])
    def test_where_both_changed_a_consent_the_stricter_one_stands(self, ours: str, theirs: str) -> None:
        consent = CONSENTS[0]
        found = merged({consent: "not_seen"}, {consent: ours}, {consent: theirs})
        assert found.take.get(consent, ours) == "opt_out"

    def test_a_resync_without_a_base_never_loosens_a_consent(self) -> None:
        consent = CONSENTS[0]
        assert merged(None, {consent: "opt_out"}, {consent: "opt_in"}).take == {}

    def test_on_first_contact_each_side_fills_the_others_gaps(self) -> None:
        found = merged(None, {self.LANGUAGE: "de"}, {"profile/account_tier": "home"})
        assert found == Merge(take={"profile/account_tier": "home"}, give=frozenset({self.LANGUAGE}))


def values(paths: Mapping[str, object]) -> st.SearchStrategy[State]:
    words: st.SearchStrategy[Value] = st.sampled_from([None, "a", "b", "c"])
    statuses: st.SearchStrategy[Value] = st.sampled_from([None, "opt_in", "opt_out", "seen", "not_seen"])
    whole = st.fixed_dictionaries({path: statuses if path in CONSENTS else words for path in paths})
    return whole.map(lambda state: {path: value for path, value in state.items() if value is not None})


states = values(OWNERS)
bases = st.none() | states


def apply(state: State, values: Mapping[str, Value]) -> State:
    return {path: value for path, value in (state | dict(values)).items() if value is not None}


def settle(ours: State, theirs: State, found: Merge) -> tuple[State, State]:
    """The two sides after the record took what it takes and the CRM got what it gets."""
    ours = apply(ours, found.take)
    return ours, apply(theirs, {path: ours.get(path) for path in found.give})


@given(bases, states, states)
def test_both_sides_converge(base: State | None, ours: State, theirs: State) -> None:
    record, crm = settle(ours, theirs, merged(base, ours, theirs))
    assert record == crm


@given(bases, states, states)
def test_there_is_no_ping_pong(base: State | None, ours: State, theirs: State) -> None:
    record, crm = settle(ours, theirs, merged(base, ours, theirs))
    assert merged(crm, record, crm) == Merge(), "at rest there is nothing more to do, in either direction"


@given(bases, states, states)
def test_a_pull_that_is_done_twice_takes_and_loses_nothing_more(base: State | None, ours: State, theirs: State) -> None:
    first = merged(base, ours, theirs)
    again = merged(theirs, apply(ours, first.take), theirs)
    assert (again.take, again.lost) == ({}, {}), "the base is what the CRM has now"
    assert again.give == first.give, "what the CRM is to get, it still is to get"


@given(states, states)
def test_an_echo_changes_nothing_here(base: State, ours: State) -> None:
    found = merged(base, ours, base)
    assert (found.take, found.lost) == ({}, {})


@given(states, states)
def test_what_the_portal_alone_changed_is_given(base: State, ours: State) -> None:
    assert merged(base, ours, base).give == {path for path in OWNERS if ours.get(path) != base.get(path)}


@given(states, states)
def test_what_the_crm_alone_changed_is_taken_unless_the_field_is_the_portals(base: State, theirs: State) -> None:
    found = merged(base, base, theirs)
    changed = {path: theirs.get(path) for path in OWNERS if theirs.get(path) != base.get(path)}
    assert found.take == {path: value for path, value in changed.items() if OWNERS[path] is not Winner.PORTAL}
    assert found.lost == {path: value for path, value in changed.items() if OWNERS[path] is Winner.PORTAL}


@given(bases, states, states)
def test_the_owner_wins_where_both_changed(base: State | None, ours: State, theirs: State) -> None:
    record, _crm = settle(ours, theirs, merged(base, ours, theirs))
    agreed = base or {}
    for path, winner in OWNERS.items():
        our, their = ours.get(path), theirs.get(path)
        if agreed.get(path) in (our, their):
            continue
        match winner:
            case Winner.PORTAL | Winner.CUSTOMER:
                assert record.get(path) == our
            case Winner.CRM:
                assert record.get(path) == their
            case Winner.STRICTEST:
                assert STRICTNESS.index(record.get(path)) == max(map(STRICTNESS.index, (our, their)))


@given(bases, states, states)
def test_no_value_that_somebody_put_in_vanishes_without_a_trace(base: State | None, ours: State, theirs: State) -> None:
    found = merged(base, ours, theirs)
    record, _crm = settle(ours, theirs, found)
    for path in OWNERS:
        their = theirs.get(path)
        assert their in (record.get(path), (base or {}).get(path)) or found.lost[path] == their


@given(bases, states, states)
def test_nothing_is_invented(base: State | None, ours: State, theirs: State) -> None:
    record, _crm = settle(ours, theirs, merged(base, ours, theirs))
    assert all(record.get(path) in (ours.get(path), theirs.get(path)) for path in OWNERS)
