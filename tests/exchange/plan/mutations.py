"""Plan and contract files with one thing written otherwise: made the same for the same seed."""

import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Steps = tuple[str | int, ...]
OTHERS: tuple[Any, ...] = (
    None,
    True,
    7,
    -1.5,
    "",
    "rest",
    "own",
    "x y",
    "é\u200b",
    [],
    {},
    [[]],
    ["a"],
    {"a": "b"},
    "metering",
    "a" * 400,
)
PROSE = ("zh", "en", "why", "note", "provides", "withheld")


def places(data: Any, path: Steps = ()) -> Iterator[Steps]:
    """Every key and item."""
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in pairs:
        yield (*path, step)
        yield from places(value, (*path, step))


def around(data: Any, path: Steps) -> Any:
    """What holds the thing at a path."""
    for step in path[:-1]:
        data = data[step]
    return data


def mutated(data: Any, choice: random.Random) -> tuple[str, Any]:
    """The data with one key or item left out, renamed, of another type, or there twice; and what was done."""
    found = deepcopy(data)
    path = choice.choice(list(places(found)))
    at, step = around(found, path), path[-1]
    done = choice.choice(("leave out", "rename", "retype", "twice", "swap"))
    if done == "leave out":
        del at[step]
    elif done == "rename":
        rename(at, step)
    elif done == "retype":
        at[step] = deepcopy(choice.choice(OTHERS))
    elif done == "twice" and isinstance(at, list):
        at.insert(int(step), deepcopy(at[step]))
    else:
        other = choice.choice(list(places(found)))
        at[step] = deepcopy(around(found, other)[other[-1]])
    return f"{done} {path}", found


def rename(at: Any, step: str | int, *, is_key: bool = False) -> None:
    """Give a key, or a text, a name that nothing has."""
    if isinstance(at, dict) and (is_key or not isinstance(at[step], str)):
        pairs = [(f"{key}x" if key == step else key, value) for key, value in at.items()]
        at.clear()
        at.update(pairs)
    elif isinstance(at[step], str):
        at[step] = f"{at[step]}x"


def names(data: Any) -> Iterator[tuple[Steps, bool]]:
    """Every name that is not prose: where it is, and whether it is a key."""
    for path in places(data):
        at = around(data, path)
        if isinstance(at[path[-1]], str) and not {path[-1], *path[-2:-1]} & set(PROSE):
            yield path, False
        if isinstance(at, dict):
            yield path, True


def renamed(data: Any, path: Steps, *, is_key: bool) -> Any:
    """The data with one name written otherwise."""
    found = deepcopy(data)
    rename(around(found, path), path[-1], is_key=is_key)
    return found
