"""The bench of sealed frames opens what it sealed, every one."""

from bench.sealed import SUITES, kinds, measured, open_all, sealed_stream


def test_everything_sealed_is_opened_and_rates_are_numbers():
    for frames in kinds(40).values():
        for suite in SUITES.values():
            assert open_all(*sealed_stream(frames, suite)) == b"".join(frames)
        assert all(value > 0 for value in measured(frames, 1).values())
