"""Names and addresses as others may see them. Masking twice changes nothing more."""

import re

_DIGITS = re.compile(r"\d+")


def mask_name(name: str) -> str:
    """``张小明`` becomes ``张**``, ``Alice Zhang`` becomes ``A**** Z****``: the first character of each word stays."""
    return " ".join(word[:1] + "*" * (len(word) - 1) for word in name.split())


def mask_address(address: str) -> str:
    """``花城大道8号3栋1502房`` becomes ``花城大道8号**栋**房``: numbers after the first are hidden, their length too."""
    first = _DIGITS.search(address)
    if first is None:
        return address
    return address[: first.end()] + _DIGITS.sub("**", address[first.end() :])
