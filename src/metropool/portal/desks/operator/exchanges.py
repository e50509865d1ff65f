"""The desk of meter exchange, over metering: what is offered, recorded, corrected, and the history of a usage point."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from metropool.capabilities.metering.meter_exchange import operations
from metropool.capabilities.metering.meter_exchange.model import MAIN, Draft, NewMeter
from metropool.capabilities.metering.meter_exchange.ports import ExchangeWork
from metropool.capabilities.metering.queries.city import MeterFact
from metropool.core.errors import Invalid, NotFound
from metropool.core.quantities import ReadingType, reading_type
from metropool.portal.desks.operator.field import Field, MeteringWork
from metropool.portal.desks.operator.operator_words import moment, moment_ms, said
from metropool.portal.schemas import exchanges as schema
from metropool.portal.schemas.basics import Rows, Text

Row = Mapping[str, Any]
PROTOCOLS = {"electricity": ("dlt645-2007",), "water": ("cjt188",), "gas": ("cjt188",), "heat": ("cjt188",)}


class ExchangesWork(MeteringWork, ExchangeWork, Protocol):
    """The unit of work of metering, with exchanges."""


class ExchangesDesk:
    """Meter exchanges, in one unit of work."""

    def __init__(self, work: ExchangesWork) -> None:
        self._work = work
        self._field = Field(work)

    def form(self, *, meter: str) -> schema.ExchangeForm:
        """What the dialog offers for a meter."""
        city = self._field.city
        i = city.index(meter)
        fact, figure = city.meters[i], self._field.register(i)
        served = fact.served[-1] if fact.served else None
        return schema.ExchangeForm(
            meter=meter,
            number=fact.number,
            unit=_dial(fact).unit,
            last_register=figure.value,
            last_read_at=figure.as_of,
            installed_at=datetime.fromtimestamp(served.valid_from if served else 0, UTC),
            protocols=[one for one in PROTOCOLS[fact.service] if one.partition("-")[0] == fact.protocol.partition("-")[0]],
            has_point=fact.service == "electricity" and fact.terminal != fact.id,
            refusal=self._refusal(fact),
        )

    def history(self, *, meter: str) -> Rows[schema.MeterExchange]:
        """All exchanges at the usage points a meter serves or served, with their corrections, newest first."""
        fact = self._meter(meter)
        rows = self._work.exchanges.of_usage_points([one.usage_point for one in fact.served])
        return Rows[schema.MeterExchange](rows=[self._exchange(row) for row in reversed(rows)])

    def record(self, *, meter: str, wanted: schema.NewExchange, by: str, key: str) -> schema.MeterExchange:
        """Operation: record an exchange.

        Raises:
            NotFound, Invalid, Conflict: It cannot be, and why.
        """
        number = operations.record_exchange(work=self._work, draft=self._draft(self._meter(meter), wanted, by), key=key)
        return self._exchange(self._work.exchanges.versions(id=number)[-1])

    def correct(self, *, exchange: str, wanted: schema.NewExchange, by: str) -> schema.MeterExchange:
        """Operation: say otherwise how a meter was exchanged; the version before stays.

        Raises:
            NotFound, Invalid, Conflict: It cannot be, and why.
        """
        versions = self._work.exchanges.versions(id=exchange)
        if not versions:
            raise NotFound(f"no meter exchange {exchange}")
        draft = self._draft(self._meter(versions[-1]["old_device"]), wanted, by)
        operations.correct_exchange(work=self._work, id=exchange, draft=draft)
        return self._exchange(self._work.exchanges.versions(id=exchange)[-1])

    def _meter(self, meter: str) -> MeterFact:
        return self._field.city.meters[self._field.city.index(meter)]

    def _refusal(self, fact: MeterFact) -> Text | None:
        if fact.now is None:
            return said("refusals", "exchanged" if fact.served else "serves_nothing")
        known = fact.service in MAIN and any(one.startswith(fact.protocol.partition("-")[0]) for one in PROTOCOLS[fact.service])
        return None if known else said("refusals", "no_exchange")

    def _draft(self, fact: MeterFact, wanted: schema.NewExchange, by: str) -> Draft:
        if wanted.final_source == "read":
            self._check_read(fact, wanted)
        new = NewMeter(
            number=wanted.new_number, protocol=wanted.new_protocol, address=wanted.new_address, point=wanted.new_point or 0
        )
        return Draft(
            device=fact.id,
            at=wanted.at,
            final=wanted.final_register,
            start=wanted.start_register,
            final_source=wanted.final_source,
            new=new,
            reason=wanted.reason,
            by=by,
        )

    def _check_read(self, fact: MeterFact, wanted: schema.NewExchange) -> None:
        """A register that is called read is one that a command brought back from this meter.

        Raises:
            Invalid: It is not.
        """
        command = next((one for one in self._work.commands.recent(device=fact.id) if one.id == wanted.read_command), None)
        values = (command.read_back or {}).get("values", []) if command and command.outcome == "done" else []
        dials = {reading_type(code).id: reading_type(code) for code in MAIN[fact.service]}
        found = {dials[value["item"]].value(value["value"]) for value in values if value["item"] in dials}
        if wanted.final_register not in found:
            raise Invalid("no read on demand brought this register", key="metering.exchange_not_read")

    def _exchange(self, row: Row) -> schema.MeterExchange:
        old, new = self._meter(row["old_device"]), row["new_meter"]
        kind = _dial(old)
        final, start = row["registers"][str(kind.id)]
        return schema.MeterExchange(
            id=row["id"],
            version=row["version"],
            is_current=row["replaced_by"] is None,
            at=moment(row["at"]) or datetime.fromtimestamp(0, UTC),
            old_meter=old.id,
            old_number=old.number,
            new_meter=row["new_device"],
            new_number=new["number"],
            new_protocol=new["protocol"],
            new_address=new["address"],
            new_point=new["point"] or None,
            final_register=_shown(kind, final),
            start_register=_shown(kind, start),
            unit=kind.unit,
            final_source=row["final_source"],
            reason=row["reason"],
            recorded_by=row["recorded_by"],
            recorded_at=moment_ms(row["recorded_at"]) or datetime.fromtimestamp(0, UTC),
        )


def _dial(fact: MeterFact) -> ReadingType:
    return reading_type(MAIN[fact.service][0])


def _shown(kind: ReadingType, stored: int) -> Decimal:
    """A register without needless zeros, two decimals at least."""
    value = kind.value(stored).normalize()
    return value if -int(value.as_tuple().exponent) >= 2 else value.quantize(Decimal("0.01"))
