"""One business request, one effect."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select

from metropool.access.once import Answer, Once, Repeatable, hash_of
from metropool.core.errors import Conflict, Invalid

effects = Table("effects", MetaData(), Column("id", Integer, primary_key=True))
ASKED = Repeatable(actor="lihua", key="k1", body_hash=hash_of(b"POST", b"/pay", b"{}"))


def pay(door, request):
    with door.context() as context:

        def make():
            context.connection.execute(insert(effects))
            count = context.connection.execute(select(func.count()).select_from(effects)).scalar_one()
            return Answer(201, f'{{"payment": {count}}}'.encode())

        return Once(context).answer(request, make)


@pytest.fixture
def till(door):
    door.database.create([effects.metadata])
    return door


def count(door):
    with door.context() as context:
        return context.connection.execute(select(func.count()).select_from(effects)).scalar_one()


def test_a_repeat_gets_the_same_answer_and_no_effect(till):
    assert [pay(till, ASKED) for _ in range(3)] == [Answer(201, b'{"payment": 1}')] * 3
    assert count(till) == 1


def test_another_body_under_the_same_key_is_a_conflict(till):
    pay(till, ASKED)
    with pytest.raises(Conflict):
        pay(till, Repeatable(actor="lihua", key="k1", body_hash=hash_of(b"POST", b"/pay", b'{"x":1}')))
    assert count(till) == 1


def test_the_same_key_of_another_person_is_another_request(till):
    pay(till, ASKED)
    pay(till, Repeatable(actor="wangwu", key="k1", body_hash=ASKED.body_hash))
    assert count(till) == 2


def test_a_hundred_at_once_have_one_effect(till):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(pay(till, ASKED))) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [Answer(201, b'{"payment": 1}')] * 100
    assert count(till) == 1


def test_a_request_that_failed_can_be_tried_again(till):
    with pytest.raises(ZeroDivisionError), till.context() as context:
        Once(context).answer(ASKED, lambda: 1 / 0)
    assert pay(till, ASKED).status == 201


def test_old_answers_are_forgotten_and_young_ones_kept(till):
    pay(till, ASKED)
    till.now += timedelta(days=30)
    with till.context() as context:
        assert Once(context).forget(limit=9) == 0
    till.now += timedelta(seconds=1)
    with till.context() as context:
        assert Once(context).forget(limit=9) == 1


@pytest.mark.parametrize("key", ["", "x" * 65, "a b", "a\n", "键"])
def test_a_key_of_another_form_is_refused(key):
    with pytest.raises(Invalid):
        Repeatable(actor="lihua", key=key, body_hash="")


def test_parts_of_a_request_do_not_run_into_each_other():
    assert hash_of(b"ab", b"c") != hash_of(b"a", b"bc")
