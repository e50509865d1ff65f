"""The benches of the exchange run whenever the product changes, on few letters: what they measure is the product as it is."""

from bench import evidence, exchange


def test_a_few_letters_are_told_recorded_at_both_ends_signed_and_verified():
    assert evidence.once(letters=20)["verified_s"] > 0


def test_every_row_of_a_batch_comes_once():
    assert exchange.batches_told(1)["seconds"] > 0
