"""The AsyncAPI document of a plan says who may say what, and the one in docs is that of the plan."""

import json

import pytest

from exchange.plan.cases import ROOT, spine
from exchange.plan.test_plan_files import compiled
from metropool.exchange.described import KINDS, example_of
from metropool.exchange.envelope import Part
from metropool.exchange.parts import MOST_PARTS
from metropool.exchange.plain import message_from
from metropool.plan.asyncapi import as_text, describe
from metropool.plan.subjects import subject_of


@pytest.mark.parametrize("name", ["one", "two", "transition"])
def test_the_one_in_docs_is_that_of_the_plan(name: str) -> None:
    kept = (ROOT / "docs" / "asyncapi" / f"{name}.json").read_text(encoding="utf-8")
    assert kept == as_text(compiled(name)), "run python scripts/describe_plans.py"


def test_channels_are_the_subjects_that_may_be_spoken_on() -> None:
    document, plan = describe(spine("two")), spine("two")
    assert set(document["channels"]) == {subject_of(letter) for letter in plan.letters}
    bills = document["channels"]["data_pool.main.water_bills.water_system.main"]
    assert (bills["x-rows"], bills["x-only"], bills["x-begins-with"]) == (["2.5"], [{"service": "water"}], ["water_system"])
    requests = document["operations"]["metering.main.water_data_requests.data_pool.main.send"]
    assert requests["summary"] == "data_pool tells metering water_data_requests as it came, with where it began"


def test_tells_what_a_part_of_a_batch_says() -> None:
    part = describe(spine("one"))["components"]["schemas"]["Part"]
    assert list(part["properties"]) == list(Part.__struct_fields__) and part["required"] == ["batch", "number", "of"]
    assert (part["properties"]["of"]["minimum"], part["properties"]["of"]["maximum"]) == (1, MOST_PARTS)


def test_every_reference_leads_somewhere() -> None:
    document = describe(compiled("one"))
    references = [text.partition('"')[0] for text in json.dumps(document).split('"$ref": "#/')[1:]]
    assert "components/schemas/Suggestion" in references
    for path in references:
        place = document
        for step in path.split("/"):
            place = place[step]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_class_has_an_example_that_is_one(kind: str) -> None:
    message_from(KINDS[kind], example_of(KINDS[kind]))
