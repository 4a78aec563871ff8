"""What becomes of a form from an older version: laws of the three-way comparison."""

from hypothesis import given
from hypothesis import strategies as st

from portal.audit.entry import Diff, fold
from portal.audit.values import State
from portal.record.rebase import rebase, unfold

paths = st.sampled_from([f"profile/{key}" for key in "abcde"])
states = st.dictionaries(paths, st.sampled_from(["1", "2", "3"]))
typed = st.dictionaries(paths, st.none() | st.sampled_from(["1", "2", "3"]))


@given(states, typed)
def test_nobody_else_changed_anything_so_what_was_typed_is_written(seen: State, form: State) -> None:
    wanted, conflicts = rebase(seen, seen, form)

    assert not conflicts
    assert all(form[path] == value for path, value in wanted.items())
    assert all(seen.get(path) == form[path] for path in form.keys() - wanted.keys())


@given(states, states, typed)
def test_a_conflict_is_only_where_both_changed_to_different_values(seen: State, current: State, form: State) -> None:
    wanted, conflicts = rebase(seen, current, form)

    for field in conflicts:
        assert len({str(field.seen), str(field.current), str(field.typed)}) == 3
        assert field.path not in wanted
    for path, value in form.items():
        if value == seen.get(path):
            assert path not in wanted, "what the person left alone is not set back"


@given(states, st.lists(st.tuples(paths, st.none() | st.sampled_from(["1", "2", "3"]))))
def test_unfolding_takes_back_what_folding_did(state: State, steps: list[tuple[str, str | None]]) -> None:
    diffs: list[Diff] = []
    now = dict(state)
    for path, new in steps:
        diffs.append(Diff(path, now.get(path), new))
        now = fold(diffs[-1:], now)

    assert fold(diffs, state) == now
    assert unfold(now, reversed(diffs)) == state
