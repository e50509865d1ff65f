"""The bench of bills runs whenever the product changes, on few homes: what it measures is the product as it is."""

from bench.bills import _columns_run, _run, usage_of


def test_a_whole_run_and_the_columns_alone_come_to_the_same_total():
    usage = usage_of(40)
    assert _run(usage)[1] == _columns_run(usage)[1] > 0
