"""The device column: one uint64 for any device of any protocol.

Top four bits: the protocol tag. Below it:

| tag | device | bits |
|---|---|---|
| 1 | 376.1 terminal; its measuring point is in the point column | 32-47 A1 (four BCD digits), 16-31 A2, 0-15 zero |
| 2 | DL/T 645 meter | 0-39 the twelve-digit address as a number |
| 3 | CJ/T 188 meter | 48-55 meter type, 0-46 the fourteen-digit address as a number |
"""

from dataclasses import dataclass

from metropool.core.errors import Invalid

TERMINAL, DLT645_METER, CJT188_METER = 1, 2, 3
TAG_SHIFT, REGION_SHIFT, TERMINAL_SHIFT, TYPE_SHIFT = 60, 32, 16, 48
DIGITS_MASK = (1 << TYPE_SHIFT) - 1


@dataclass(frozen=True)
class DeviceAddress:
    """What a device number says.

    Attributes:
        protocol: ``gdw1376``, ``dlt645`` or ``cjt188``.
        address: ``1101-00258`` (region-terminal), twelve or fourteen digits.
        meter_type: CJ/T 188 meter type, else 0.
    """

    protocol: str
    address: str
    meter_type: int = 0


def pack_terminal(*, region: str, terminal: int) -> int:
    """The device number of a 376.1 terminal (region of four digits).

    Raises:
        Invalid: No such address.
    """
    if len(region) != 4 or not region.isdecimal() or not 0 <= terminal <= 0xFFFF:
        raise Invalid(f"{region}-{terminal} is no 376.1 terminal")
    return TERMINAL << TAG_SHIFT | int(region, 16) << REGION_SHIFT | terminal << TERMINAL_SHIFT


def pack_dlt645(address: str) -> int:
    """The device number of a DL/T 645 meter; wildcards are no device.

    Raises:
        Invalid: Not twelve decimal digits.
    """
    if len(address) != 12 or not address.isdecimal():
        raise Invalid(f"{address!r} is no DL/T 645 address of twelve digits")
    return DLT645_METER << TAG_SHIFT | int(address)


def pack_cjt188(address: str, *, meter_type: int) -> int:
    """The device number of a CJ/T 188 meter; wildcards are no device.

    Raises:
        Invalid: Not fourteen decimal digits, or no type.
    """
    if len(address) != 14 or not address.isdecimal() or not 0 <= meter_type <= 0xFF:
        raise Invalid(f"{address!r} of type {meter_type:#x} is no CJ/T 188 address of fourteen digits")
    return CJT188_METER << TAG_SHIFT | meter_type << TYPE_SHIFT | int(address)


def unpack(device: int) -> DeviceAddress:
    """What a device number says.

    Raises:
        Invalid: Its tag is none of ours.
    """
    tag = device >> TAG_SHIFT
    if tag == TERMINAL:
        terminal = device >> TERMINAL_SHIFT & 0xFFFF
        return DeviceAddress("gdw1376", f"{device >> REGION_SHIFT & 0xFFFF:04X}-{terminal:05d}")
    if tag == DLT645_METER:
        return DeviceAddress("dlt645", f"{device & DIGITS_MASK:012d}")
    if tag == CJT188_METER:
        return DeviceAddress("cjt188", f"{device & DIGITS_MASK:014d}", device >> TYPE_SHIFT & 0xFF)
    raise Invalid(f"{device} is no device number")
