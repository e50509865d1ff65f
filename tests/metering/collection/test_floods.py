"""F31, as far as it is collection's: a flood of events with repeats and losses is kept, each once, in bounded time."""

import random
import time

from metropool.capabilities.metering.collection import operations
from metropool.capabilities.metering.frontend.tasks import DeviceEvent

TERMINALS, BATCH = 20_000, 2_000


def test_a_flood_of_last_gasps_is_kept_each_once(head_end):
    """Twenty thousand terminals lose power within a minute; each tells it three times, some tellings are lost."""
    chance, now_s = random.Random(31), int(head_end.now.timestamp())
    gasps = [
        DeviceEvent(device=1 << 60 | 0x1101 << 32 | number << 16, code="erc_14", at=now_s - number % 60, received_at=now_s * 1000)
        for number in range(TERMINALS)
    ]
    told = [gasp for gasp in gasps * 3 if chance.random() < 0.7] + gasps[-100:]
    chance.shuffle(told)
    began = time.perf_counter()
    new = sum(
        head_end.unit(lambda work, first=first: operations.record_events(work=work, events=told[first : first + BATCH]))
        for first in range(0, len(told), BATCH)
    )
    took_s = time.perf_counter() - began
    heard = {gasp.device for gasp in told}
    kept = head_end.unit(lambda work: work.events.of(limit=10 * TERMINALS))
    assert new == len(kept) == len(heard)
    assert took_s < 60
