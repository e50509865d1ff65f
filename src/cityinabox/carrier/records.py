"""What a carrier can tell from outside: where a sealed record begins and ends. Of a plain link it sees chunks."""

HEAD = 20
START = b"\xa7\x5e"


class Watch:
    """Cuts one direction of a connection into sealed records; what is none is passed on as it came."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._is_plain = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Records, or the chunk of a link that is not sealed."""
        if self._is_plain:
            return [chunk]
        self._held += chunk
        found = []
        while len(self._held) >= HEAD:
            if self._held[:2] != START:
                self._is_plain = True
                found.append(bytes(self._held))
                self._held.clear()
                break
            size = HEAD + int.from_bytes(self._held[6:8], "big")
            if len(self._held) < size:
                break
            found.append(bytes(self._held[:size]))
            del self._held[:size]
        return found

    def rest(self) -> bytes:
        """What is held of a record that never ended."""
        held, self._held = bytes(self._held), bytearray()
        return held


def is_frame(record: bytes) -> bool:
    """It carries something (a frame, a report or its confirmation), and is no greeting; a chunk of a plain link always does."""
    return record[:2] != START or record[3] in (3, 4)
