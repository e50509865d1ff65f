"""What a schema wanted is told in our words, Chinese and English, whichever library looked."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

import msgspec
import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core.core_schema import ErrorType

from metropool.core.misfits import WANTED, misfit, misfit_said
from metropool.core.texts import LANGUAGES, texts_of

CHINESE = re.compile("[\u4e00-\u9fff]")


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    whole: int = 1
    port: Annotated[int, Field(ge=1, le=65535)] = 1
    kind: Literal["water", "gas"] = "gas"
    name: Annotated[str, Field(min_length=2, max_length=4, pattern="^[a-z]+$")] = "ab"
    price: Annotated[Decimal, Field(max_digits=3)] = Decimal(1)
    day: date = date(2026, 1, 1)
    at: AwareDatetime = datetime(2026, 1, 1, tzinfo=UTC)
    listed: Annotated[list[int], Field(min_length=1)] = [1]
    on: bool = True


class Needed(BaseModel):
    it: int


@pytest.mark.parametrize(
    ("given", "zh", "en"),
    [
        ({"whole": "x"}, "应为 整数", "should be a whole number"),
        ({"port": 0}, "应为 不小于 1 的数", "should be a number of 1 or more"),
        ({"port": 70000}, "应为 不大于 65535 的数", "should be a number of 65535 or less"),
        ({"kind": "heat"}, "应为 'water', 'gas' 之一", "should be one of 'water', 'gas'"),
        ({"name": "a"}, "应为 至少 2 个字符的文本", "should be a text of 2 or more letters"),
        ({"name": "abcde"}, "应为 至多 4 个字符的文本", "should be a text of at most 4 letters"),
        ({"name": "A1"}, "应为 形如 ^[a-z]+$ 的文本", "should be a text of the form ^[a-z]+$"),
        ({"price": "12.345"}, "应为 至多 3 位数字", "should be a number of at most 3 digits"),
        ({"day": "soon"}, "应为 日期，如 2026-07-31", "should be a day, as 2026-07-31"),
        ({"at": "2026-01-01T00:00:00"}, "应为 带时区的时刻", "should be an instant with its offset"),
        ({"listed": []}, "应为 至少 1 项", "should be at least 1 items"),
        ({"listed": 3}, "应为 列表", "should be a list"),
        ({"on": "perhaps"}, "应为 true 或 false", "should be true or false"),
        ({"colour": 1}, "没有此项", "is not known here"),
    ],
)
def test_what_pydantic_refuses_is_said_in_our_words(given: dict[str, Any], zh: str, en: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Thing(**given)
    (problem,) = refused.value.errors()
    assert (misfit(problem).said("zh")[: len(zh)], misfit(problem).said("en")[: len(en)]) == (zh, en)


def test_what_is_missing_is_said_to_be() -> None:
    with pytest.raises(ValidationError) as refused:
        Needed.model_validate({})
    assert misfit(refused.value.errors()[0]).both() == {"zh": "缺少此项", "en": "is missing"}


def test_a_kind_nobody_has_words_for_is_told_as_the_library_tells_it() -> None:
    told = misfit({"type": "of_tomorrow", "msg": "Input should be new"})
    assert told.both() == {"zh": "不是允许的值（Input should be new）", "en": "cannot be so (Input should be new)"}


def test_every_kind_in_the_table_is_one_of_pydantic_and_has_its_text() -> None:
    assert set(WANTED) <= {*get_args(ErrorType), "path_type"}  # the last is of its own schema of paths
    for kind in WANTED:
        said = misfit({"type": kind, "msg": "Input should be", "ctx": {"pattern": "a"}})
        assert CHINESE.search(said.said("zh")) and "Input should" not in said.said("en"), kind


class Written(msgspec.Struct, forbid_unknown_fields=True):
    need: int
    port: Annotated[int, msgspec.Meta(ge=1)] = 1
    kind: Literal["water", "gas"] = "gas"
    name: Annotated[str, msgspec.Meta(min_length=2)] = "ab"
    price: Decimal = Decimal(1)
    day: date | None = None
    link: tuple[str, str] = ("a", "b")
    either: int | str | None = None


@pytest.mark.parametrize(
    ("given", "zh", "en"),
    [
        ({}, "缺少此项", "is missing"),
        ({"need": 1, "colour": 2}, "没有此项", "is not known here"),
        ({"need": "x"}, "应为 整数", "should be a whole number"),
        ({"need": 1, "port": 0}, "应为 不小于 1 的数", "should be a number of 1 or more"),
        ({"need": 1, "kind": "heat"}, "'heat' 不在可选值之内", "'heat' is not one of the choices"),
        ({"need": 1, "name": "a"}, "应为 至少 2 个字符的文本", "should be a text of 2 or more letters"),
        ({"need": 1, "price": "much"}, "应为 数字", "should be a number"),
        ({"need": 1, "day": "soon"}, "应为 日期，如 2026-07-31", "should be a day, as 2026-07-31"),
        ({"need": 1, "link": ["a"]}, "应为 长度 2", "should be of length 2"),
        ({"need": 1, "either": []}, "应为 整数，或 文本，或 空", "should be a whole number, or a text, or nothing"),
        ([], "应为 映射，如 {a: b}", "should be a mapping, as in {a: b}"),
    ],
)
def test_what_msgspec_refuses_is_said_in_our_words(given: Any, zh: str, en: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(given, Written)
    told = misfit_said(str(refused.value).partition(" - at ")[0])
    assert sorted(told.said("zh").replace("，或 ", " ").split()) == sorted(zh.replace("，或 ", " ").split())
    assert sorted(told.said("en").replace(", or", "").split()) == sorted(en.replace(", or", "").split())


def test_what_msgspec_says_in_a_way_nobody_knows_is_told_as_it_is() -> None:
    assert misfit_said("Something else").said("zh") == "不是允许的值（Something else）"


def test_every_text_is_in_both_languages() -> None:
    assert all(set(text) == set(LANGUAGES) and all(text.values()) for text in texts_of("metropool.core").values())
