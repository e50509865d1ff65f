"""The gateway itself: what it measures and says, what it is told, whoever asks. It knows its address, its credential and messages by name.

Which of its messages a system may hear is the plan's, and the broker's to enforce: the gateway says them all, in every plan.
"""

import json
import secrets
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from cityinabox.clock import CityClock
from cityinabox.gateway.house import DOOR, PLUG, SMOKE, House, described, read_week
from cityinabox.gateway.keeping import Keeping

STATE, ENERGY, SECURITY, FAULTS, RECEIPTS = "home_state", "home_energy", "home_security", "home_fault_alarms", "receipts"
COMMANDS, USAGE = "home_commands", "household_meter_data"
CODES = {(DOOR, 1): "door_opened", (DOOR, 0): "door_closed", (SMOKE, 1): "smoke_alarm", (SMOKE, 0): "smoke_cleared"}
FAULT, WELL = "circuit_fault", "circuit_well"
EVENTS_SHOWN = 50


class Gateway:
    """One home's gateway.

    Args:
        keeping: Its file.
        clock: The city's time.
    """

    def __init__(self, keeping: Keeping, clock: CityClock) -> None:
        self._keeping, self._clock = keeping, clock
        now = self.now()
        kept = keeping.fact("house", {"began_s": now, "since_s": now})
        self.house = House(week=read_week(), **kept)

    def now(self) -> int:
        """The city's time [Unix s]."""
        return int(self._clock.time())

    def greet(self) -> None:
        """Say that we are there, and what there is."""
        self._say(RECEIPTS, received=[])
        self._say(STATE, points=described(), values=self.house.states(self.now()))

    def report_states(self, **more: Any) -> None:
        """Say how everything stands."""
        self._say(STATE, values=self.house.states(self.now()), **more)

    def report_registers(self) -> None:
        """Say what was used."""
        self._say(ENERGY, values=self.house.registers(self.now()))

    def told(self, message: str, payload: bytes) -> None:
        """Take what came down; what cannot be understood is nothing to a gateway."""
        try:
            said = json.loads(payload)
            if message == COMMANDS:
                self._obey(said)
            elif message == USAGE:
                self._keeping.keep_usage(said["id"], list(said["blocks"]), self.now())
                self._say(RECEIPTS, received=[said["id"]])
        except (ValueError, KeyError, TypeError):
            return

    def set_plug(self, *, is_on: bool) -> int:
        """Switch the plug and read it back; says so upward."""
        self._switch(is_on=is_on)
        self.report_states()
        return int(self.house.is_on)

    def sense(self, point: str, value: int) -> None:
        """Something happens in the home: the door is opened, there is smoke.

        Raises:
            KeyError: Nothing like that can.
        """
        code = CODES[point, value]
        self.house.senses[point] = value
        self._remember()
        self._happen(SECURITY, point, code, value)

    def fail(self, point: str, *, is_faulty: bool) -> None:
        """A circuit has a fault, or is well again."""
        self._happen(FAULTS, point, FAULT if is_faulty else WELL, int(is_faulty))

    def shown(self) -> dict[str, Any]:
        """Everything the terminal indoors shows."""
        now = self.now()
        values = [*self.house.states(now), *self.house.registers(now)]
        rows = [dict(zip(("point", "item", "at", "value"), value, strict=True)) for value in values]
        events = self._keeping.events(EVENTS_SHOWN)
        return {"at": now, "points": described(), "values": rows, "events": events, "waiting": self._keeping.waiting()}

    def usage(self) -> list[dict[str, Any]]:
        """Household meter data as it was told."""
        return self._keeping.usage()

    def _obey(self, order: dict[str, Any]) -> None:
        request = str(order["request"])
        answer = self._keeping.answer_to(request) or self._done(order)
        self._keeping.obeyed(request, answer)
        self.report_states(answers=[answer])

    def _done(self, order: dict[str, Any]) -> dict[str, Any]:
        now = self.now()
        answer = {"request": str(order["request"]), "at": datetime.fromtimestamp(now, UTC).isoformat()}
        if now >= int(order["expires_at"]):
            return {**answer, "outcome": "expired"}
        if (order["point"], order["item"]) != (PLUG, "switch") or order["value"] not in (0, 1):
            return {**answer, "outcome": "refused", "reason": "no such switch"}
        self._switch(is_on=order["value"] == 1)
        return {**answer, "outcome": "done", "value": int(self.house.is_on)}

    def _switch(self, *, is_on: bool) -> None:
        self.house.switch(is_on=is_on, at=self.now())
        self._remember()

    def _remember(self) -> None:
        house = {name: value for name, value in asdict(self.house).items() if name != "week"}
        self._keeping.remember("house", house)

    def _happen(self, message: str, point: str, code: str, value: int) -> None:
        now = self.now()
        self._keeping.happened(point, code, now)
        self._say(message, events=[(point, code, now, value)])
        self.report_states()

    def _say(self, message: str, **what: Any) -> None:
        said = {"v": 1, "id": secrets.token_hex(12), **what}
        self._keeping.add(message, json.dumps(said, ensure_ascii=False).encode())
