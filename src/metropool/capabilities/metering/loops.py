"""The compiled loops over readings, made ready before anybody waits for them: the first time on a machine that takes up to a minute."""

from datetime import UTC, datetime
from functools import partial

import numpy as np
import pyarrow as pa

from metropool.capabilities.metering.frontend.chunks.decoder import Decoder
from metropool.capabilities.metering.validation.rules import ChannelFact, ChannelFacts, rules_on
from metropool.capabilities.metering.validation.validate import validate
from metropool.core.quantities import reading_type

NOW = datetime(2026, 1, 2, tzinfo=UTC)
REGISTER, INTERVAL = "electricity_forward_register", "electricity_forward_energy"


def compile_loops() -> None:
    """Have each loop compiled, or loaded from its cache: frames of terminals, and the rules of validation."""
    Decoder(frames=1, rows=1).warm_up()
    facts = [ChannelFact(channel=number, reading_type=reading_type(name)) for number, name in enumerate((REGISTER, INTERVAL))]
    validate(readings=_two_each(), facts=ChannelFacts.of(facts), rules=rules_on(NOW.date()), now=NOW)


def _two_each() -> pa.Table:
    """Two readings of each of the two kinds that rules look at."""
    earlier = int(NOW.timestamp()) - 3600 * np.array([2, 1, 2, 1])
    columns = {"channel": np.array([0, 0, 1, 1], np.int32), "at": earlier, "value": np.arange(4)}
    zero = partial(np.zeros, 4, np.uint8)
    return pa.table({**columns, "quality": zero(), "origin": zero()})
