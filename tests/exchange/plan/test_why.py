"""Why a system can hear a message, or cannot: in words, in both languages, as the plan has it."""

import pytest

from metropool.core.errors import NotFound
from metropool.runtime.systems import compile_named
from metropool.runtime.why import choices, why_system

PLANS = ("one", "two", "transition")


@pytest.mark.parametrize("plan", PLANS)
def test_says_yes_for_just_what_the_plan_lets_through(plan):
    compiled = compile_named(plan)
    offered = choices(compiled)
    can = {
        (system.id, message.id)
        for system in offered.systems
        for message in offered.messages
        if why_system(compiled, system=system.id, message=message.id).can
    }
    assert can == {(letter.receiver, letter.message) for letter in compiled.allowed}


def test_names_who_and_what_in_both_languages():
    steps = why_system(compile_named("transition"), system="water_system", message="meter_data").steps
    assert [(step.kind, step.holds) for step in steps] == [("system", True), ("row", True), ("broker", True)]
    assert "供水公司" in steps[0].text.zh
    assert "Water company" in steps[0].text.en
    assert "仅限水" in steps[1].text.zh
    assert "of water alone" in steps[1].text.en


def test_says_what_is_missing():
    compiled = compile_named("transition")
    other = why_system(compiled, system="gas_system", message="water_bills")
    assert (other.can, other.steps[-1].kind, other.steps[-1].holds) == (False, "row", False)
    unbuilt = next(letter for row, letter in compiled.whole.said if row not in compiled.rows)
    assert not why_system(compiled, system=unbuilt.receiver, message=unbuilt.message).can
    two = compile_named("two")
    agreed = [why_system(two, system=each.receiver, message=each.message) for _, each in two.whole.said]
    assert any(step.kind == "consent" for found in agreed for step in found.steps)
    with pytest.raises(NotFound):
        why_system(compiled, system="nobody", message="meter_data")
