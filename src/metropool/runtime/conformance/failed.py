"""Why something did not work, in words of this room."""

from metropool.runtime.conformance.ways import Words


class Failed(Exception):
    """A message did not come, or not as it was caused."""

    def __init__(self, key: str, **values: object) -> None:
        self.words = Words.of(key, **values)
        super().__init__(f"{key} {values}")
