"""What actions are called: no role has one, and nothing notes one, that people would see as a code."""

import re
from pathlib import Path

import pytest

from metropool.access.actions import action_name, granted_actions

SOURCES = Path(__file__).resolve().parents[3] / "src" / "metropool"
NOTED = re.compile(r'\baction="([a-z_.]+)"|\b(?:on_system|on_account|on_named_system|by_software)\("([a-z_.]+)"')
CHAINS = ("audit.verify", "evidence.verify", "ledger.verify")


def noted():
    found = [match for path in SOURCES.rglob("*.py") for match in NOTED.findall(path.read_text(encoding="utf-8"))]
    assert len(found) > 50
    return {name for match in found for name in match if name}


@pytest.mark.parametrize("action", sorted({*noted(), *granted_actions(), *CHAINS}))
def test_has_a_name_in_each_language(action):
    name = action_name(action)
    assert sorted(name) == ["en", "zh"]
    assert action not in name.values()
    assert re.search("[一-鿿]", name["zh"])


def test_an_action_that_nobody_named_is_shown_as_it_was_noted():
    assert action_name("later.things") == {"zh": "later.things", "en": "later.things"}
