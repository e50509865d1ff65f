"""Bits of DL/T 645-2007: the seven status words, the error byte, the speed byte. Sources and confidence: README.md."""

ERROR_BITS = (
    "other_error",
    "no_requested_data",
    "password_or_authority",
    "speed_cannot_change",
    "too_many_year_zones",
    "too_many_day_slots",
    "too_many_tariffs",
    "reserved",
)
SPEEDS = {1: 600, 2: 1200, 3: 2400, 4: 4800, 5: 9600, 6: 19200}
_PHASE_BITS = {
    0: "voltage_loss",
    1: "under_voltage",
    2: "over_voltage",
    3: "current_loss",
    4: "over_current",
    5: "overload",
    6: "power_reversed",
    7: "phase_break",
    8: "current_break",
}
_WORD_BITS: dict[int, dict[int, str]] = {
    1: {
        0: "external_switch_pulse",
        1: "demand_by_block",
        2: "clock_battery_low",
        3: "reading_battery_low",
        4: "active_power_reversed",
        5: "reactive_power_reversed",
    },
    2: {
        0: "active_reversed_a",
        1: "active_reversed_b",
        2: "active_reversed_c",
        4: "reactive_reversed_a",
        5: "reactive_reversed_b",
        6: "reactive_reversed_c",
    },
    3: {
        0: "slot_set_2_in_use",
        3: "programming_allowed",
        4: "relay_open",
        5: "zone_set_2_in_use",
        6: "relay_command_trip",
        7: "pre_trip_alarm",
        10: "price_set_2_in_use",
        11: "step_set_2_in_use",
        12: "keep_power",
        13: "authenticated",
        14: "local_account_opened",
        15: "remote_account_opened",
    },
    4: _PHASE_BITS,
    5: _PHASE_BITS,
    6: _PHASE_BITS,
    7: {
        0: "voltage_sequence",
        1: "current_sequence",
        2: "voltage_unbalance",
        3: "current_unbalance",
        4: "auxiliary_supply_lost",
        5: "power_failure",
        6: "demand_over_limit",
        7: "power_factor_low",
        8: "current_severely_unbalanced",
    },
}
_SUPPLY = {0: "main", 1: "auxiliary", 2: "battery", 3: "reserved"}
_PAYMENT = {0: "post_paid", 1: "energy_prepaid", 2: "money_prepaid", 3: "reserved"}

RELAY_OPEN, RELAY_COMMAND_TRIP = 1 << 4, 1 << 6


def error_names(error: int) -> list[str]:
    """Names of the set bits of an error byte, lowest first."""
    return [name for bit, name in enumerate(ERROR_BITS) if error >> bit & 1]


def status_names(number: int, word: int) -> list[str]:
    """Names of the set bits of status word ``number`` (1-7), lowest first; unnamed ones as ``bit_n``."""
    names, fields = _WORD_BITS[number], (1, 2, 8, 9) if number == 3 else ()
    return [names.get(bit, f"bit_{bit}") for bit in range(16) if word >> bit & 1 and bit not in fields]


def relay_state(word: int) -> dict[str, str]:
    """What status word 3 says of relay, command, supply and payment; a command may still wait, so both are told."""
    return {
        "relay": "open" if word & RELAY_OPEN else "closed",
        "relay_command": "trip" if word & RELAY_COMMAND_TRIP else "close",
        "supply": _SUPPLY[word >> 1 & 3],
        "payment": _PAYMENT[word >> 8 & 3],
    }


def speed_bd(bits: int) -> int | None:
    """Speed [bit/s] a speed byte asks for; None when not exactly one known bit is set. 600 as bit 1 is one reading [U]."""
    return SPEEDS.get(bits.bit_length() - 1) if bits and bits & (bits - 1) == 0 else None
