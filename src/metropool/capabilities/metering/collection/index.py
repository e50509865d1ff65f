"""Which channel a measured value belongs to, and which terminal a channel is read through: the registry as sorted columns."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
UNKNOWN = -1


@dataclass(frozen=True)
class ChannelIndex:
    """The registry's channels, made for binary search. Build it with ``index_of``.

    Attributes:
        keys: (rank of the address, point, item) packed in one integer, ascending.
        channels: Channel of each key.
        addresses: Distinct device addresses, ascending.
        item_of, terminal_of: By channel number; UNKNOWN where there is no such channel. Terminals are ranks in ``terminals``.
        point_of, address_of: By channel number.
        serves: By channel number: it is installed at a usage point, so its values are expected.
        terminals: Address of the link each terminal is reached by.
        terminal_devices: End device id of each terminal.
    """

    keys: Ints
    channels: Ints
    addresses: Ints
    item_of: Ints
    terminal_of: Ints
    point_of: Ints
    address_of: Ints
    serves: NDArray[np.bool_]
    terminals: Ints
    terminal_devices: tuple[str, ...]

    @property
    def highest(self) -> int:
        """The highest channel number; -1 when there is none."""
        return len(self.item_of) - 1

    def resolve(self, *, device: Ints, point: Ints, item: Ints) -> Ints:
        """Channel of each measured value, UNKNOWN where the registry has none.

        Values come in runs of one device, point and item, so only the head of each run is searched.
        """
        if not len(device):
            return np.zeros(0, np.int64)
        turns = (device[1:] != device[:-1]) | (point[1:] != point[:-1]) | (item[1:] != item[:-1])
        heads = np.concatenate(([0], np.flatnonzero(turns) + 1))
        found = self._search(device[heads], point[heads], item[heads])
        return np.repeat(found, np.diff(heads, append=len(device)))

    def _search(self, device: Ints, point: Ints, item: Ints) -> Ints:
        rank, known = _find(self.addresses, device)
        place, matched = _find(self.keys, _pack(rank, point, item))
        is_found = known & matched & (point >= 0) & (point < 1 << 16) & (item >= 0) & (item < 1 << 16)
        return np.where(is_found, self.channels[place] if len(self.channels) else UNKNOWN, UNKNOWN)


def index_of(channels: pa.Table, *, terminal_of_address: pa.Table, installed: pa.ChunkedArray) -> ChannelIndex:
    """Make the index.

    Args:
        channels: Columns ``channel, address, point, item`` (``Registry.channels``).
        terminal_of_address: Columns ``address, terminal, device``: through which link a device address is reached, and the
            end device that keeps the link.
        installed: Channels that serve a usage point.
    """
    channel, address, point, item = (
        channels[name].to_numpy().astype(np.int64) for name in ("channel", "address", "point", "item")
    )
    addresses, rank = np.unique(address, return_inverse=True)
    keys = _pack(rank.astype(np.int64), point, item)
    order = np.argsort(keys)
    terminals, devices, terminal = _terminals(addresses, rank, terminal_of_address)
    size = int(channel.max()) + 1 if len(channel) else 0
    return ChannelIndex(
        keys=keys[order],
        channels=channel[order],
        addresses=addresses,
        item_of=_by_channel(size, channel, item),
        terminal_of=_by_channel(size, channel, terminal),
        point_of=_by_channel(size, channel, point),
        address_of=_by_channel(size, channel, address),
        serves=_by_channel(size, np.unique(installed.to_numpy().astype(np.int64)), 1) > 0,
        terminals=terminals,
        terminal_devices=devices,
    )


def _terminals(addresses: Ints, rank: NDArray[np.intp], links: pa.Table) -> tuple[Ints, tuple[str, ...], Ints]:
    reached = links["address"].to_numpy().astype(np.int64)
    through = links["terminal"].to_numpy().astype(np.int64)
    terminals, first, number = np.unique(through, return_index=True, return_inverse=True)
    names = links["device"].take(pa.array(first, pa.int64())).to_pylist()
    order = np.argsort(reached)
    place, known = _find(reached[order], addresses)
    by_address = np.where(known, number[order][place] if len(order) else UNKNOWN, UNKNOWN)
    return terminals, tuple(names), by_address[rank]


def _find(sorted_values: Ints, wanted: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    if not len(sorted_values):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    place = np.searchsorted(sorted_values, wanted)
    place = np.minimum(place, len(sorted_values) - 1)
    return place.astype(np.int64), sorted_values[place] == wanted


def _pack(rank: Ints, point: Ints, item: Ints) -> Ints:
    return (rank << 32) | (point << 16) | item


def _by_channel(size: int, channel: Ints, values: Ints | int) -> Ints:
    whole = np.full(size, UNKNOWN, np.int64)
    whole[channel] = values
    return whole
