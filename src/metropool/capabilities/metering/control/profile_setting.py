"""Setting a meter's profile at its terminal (档案下发): which meters have one, what it says, and what was read back of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from metropool.capabilities.metering.control.devices import Device
from metropool.capabilities.metering.control.model import DID_NOT_ACT, SETTLE_MS, Resolution, Shown, after_read_back
from metropool.capabilities.metering.frontend.tasks import ReadProfile, SetProfile
from metropool.core.errors import Invalid, NotFound
from metropool.devices.catalog import device_model
from metropool.devices.gdw1376.profile import DLT645_2007, MeterProfile, speed_code
from metropool.devices.gdw1376.requests import POWER_LINE
from metropool.facts.commands import Command

KIND = "set_profile"
PATIENCE_MS = 120_000
OTHER_KEPT = "the terminal keeps something else"
Refusal = Literal["profile_no_terminal", "profile_no_archive", "profile_no_point"]
_WORDS: Mapping[Refusal, str] = {
    "profile_no_terminal": "no 376.1 terminal keeps this meter's profile",
    "profile_no_archive": "a row of a 376.1 archive cannot hold the address of a meter of this protocol",
    "profile_no_point": "the registry has no measuring point of this meter at its terminal",
}
_TARIFFS, _INTEGERS, _DECIMALS, _SPEED_BD = 4, 6, 2, 2400
"""Of a DL/T 645-2007 meter whose model the catalog does not know: four tariffs, XXXXXX.XX."""


def why_never(*, protocol: str, terminal_protocol: str, point: int) -> Refusal | None:
    """Why a meter has no profile that could be set from here; None when it has."""
    if terminal_protocol != "gdw1376":
        return "profile_no_terminal"
    if not protocol.startswith("dlt645"):
        return "profile_no_archive"
    return None if point else "profile_no_point"


def check(device: Device) -> None:
    """Whether a device's profile can be set now.

    Raises:
        Invalid: It cannot, and why.
    """
    refusal = why_never(protocol=device.protocol, terminal_protocol=device.terminal_protocol, point=device.point)
    if refusal:
        raise Invalid(_WORDS[refusal], key=f"metering.{refusal}")
    if not device.usage_points:
        raise Invalid("this meter serves nothing", key="metering.profile_not_installed")


def profile_of(device: Device) -> MeterProfile:
    """What the registry and the device catalog say of a meter, as its terminal is told it.

    Its device number is its measuring point. The terminal is told no password: it only reads the meter, and what switches it
    is made here.
    """
    integers, decimals, speed_bd = _measures(device.model)
    return MeterProfile(
        number=device.point,
        point=device.point,
        speed=speed_code(speed_bd),
        port=POWER_LINE,
        protocol=DLT645_2007,
        address=device.address,
        tariffs=_TARIFFS,
        integers=integers,
        decimals=decimals,
    )


def set_task(command: Command, *, device: Device) -> SetProfile:
    """What to have the front end do.

    Raises:
        Invalid: The profile cannot be set now.
    """
    check(device)
    return SetProfile(id=command.id, terminal=device.terminal, expires_at=command.expires_at, profile=profile_of(device))


def written_by(task: SetProfile) -> Mapping[str, Any]:
    """What a command keeps of its task, to hold what is read back against."""
    return {"written": asdict(task.profile)}


def read_back_of(command: Command, *, device: Device, now_ms: int) -> ReadProfile:
    """The read that shows what the terminal keeps."""
    number = _written(command).number
    return ReadProfile(id=f"{command.id}-{now_ms}", terminal=device.terminal, expires_at=now_ms + PATIENCE_MS, number=number)


def shown_by_archive(command: Command, profiles: Sequence[MeterProfile], *, now_ms: int) -> tuple[Resolution, Mapping[str, Any]]:
    """What the archive says about the command that wrote it, and what the command keeps of it: done only when it is the same."""
    written = _written(command)
    kept = next((profile for profile in profiles if profile.number == written.number), None)
    shown: Shown = "done" if kept == written else "not_done"
    resolution = after_read_back(command, shown=shown, now_ms=now_ms, settle_ms=SETTLE_MS["electricity"])
    if kept is not None and resolution.note == DID_NOT_ACT:
        resolution = Resolution(resolution.move, OTHER_KEPT)
    told = {"profile": asdict(kept), "at": now_ms} if kept else {}
    return resolution, {"written": asdict(written)} | told


def _written(command: Command) -> MeterProfile:
    return MeterProfile(**(command.read_back or {})["written"])


def _measures(model: str) -> tuple[int, int, int]:
    """Places before and after the point, and speed [bit/s]."""
    try:
        known = device_model(model)
    except NotFound:
        return _INTEGERS, _DECIMALS, _SPEED_BD
    return known.register_digits or _INTEGERS, known.register_decimals, known.speed_bd
