"""The whole table of senders, messages and receivers in memory: what the compiled plan lets through against what the files list."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from metropool.core.yaml_text import read_yaml
from metropool.plan.compiled import Compiled
from metropool.plan.schema import Letter
from metropool.plan.subjects import beat_of, subject_of


@dataclass(frozen=True)
class Table:
    """What was compared.

    Attributes:
        combinations: Of sender, message and receiver.
        listed: Those the running plan lists.
        subjects: Subjects that each broker user was held to.
        wrong: What the compiled plan says otherwise than the files.
    """

    combinations: int
    listed: int
    subjects: int
    wrong: tuple[str, ...]


def check_table(compiled: Compiled, *, plan: Path, contract: Path, instances: Path | None = None) -> Table:
    """Hold the compiled plan, and the permissions made of it, to the files, read anew and by nothing that compiled them."""
    read, ran = _read(contract), _read(plan)
    listed = listed_in(ran, read)
    messages = [*read["messages"], *(ran.get("add_messages") or ())]
    every = [Letter(*each) for each in product(read["systems"], messages, read["systems"])]
    wrong = [f"{letter}: compiled" for letter in every if (letter in compiled.allowed) != (letter in listed)]
    wrong += [f"{letter}: not of the contract" for letter in compiled.allowed.difference(every)]
    nodes, many = {str(name) for name in compiled.nodes()}, _many(ran, instances)
    by_broker = {each for letter in listed for each in _spread(letter, many) if nodes.issuperset((each.sender, each.receiver))}
    subjects = {each: subject_of(each) for letter in every for each in _spread(letter, many) if each.receiver in nodes}
    wrong += [*_permissions(compiled, subjects, by_broker), *_passages(compiled, subjects, by_broker)]
    return Table(len(every), len(listed), len(subjects) * len(compiled.broker.users), tuple(wrong[:20]))


def listed_in(plan: Mapping[str, Any], contract: Mapping[str, Any]) -> set[Letter]:
    """What a plan's file lists: the messages of its rows between systems that run, but those it says are not built."""
    not_yet = plan.get("not_yet") or {}
    unbuilt, alone = set(not_yet.get("messages") or ()), not_yet.get("letters") or {}
    rows = {**{str(name): contract["rows"][str(name)] for name in plan["rows"]}, **(plan.get("add") or {})}
    said = {letter for name, row in rows.items() for letter in _letters(row) if letter.message not in alone.get(name, ())}
    running = set(plan["systems"])
    return {each for each in said if each.message not in unbuilt and {each.sender, each.receiver} <= running}


def _many(plan: Mapping[str, Any], instances: Path | None) -> Mapping[str, list[str]]:
    """System to its instances as the city's file says."""
    listed = read_yaml(instances.read_text(encoding="utf-8")) if instances is not None and instances.is_file() else {}
    return {name: list(each) for name, each in listed.items() if each and name in plan["systems"]}


def _spread(letter: Letter, many: Mapping[str, list[str]]) -> Iterator[Letter]:
    ends = (many.get(end, [end]) for end in (letter.sender, letter.receiver))
    yield from (Letter(sender, letter.message, receiver) for sender, receiver in product(*ends))


def lets(patterns: Iterable[str], subject: str) -> bool:
    """Whether one of the broker's patterns covers a subject: ``*`` is one token, ``>`` is one or more at the end."""
    return any(_covers(pattern.split("."), subject.split(".")) for pattern in patterns)


def _covers(pattern: list[str], tokens: list[str]) -> bool:
    for index, part in enumerate(pattern):
        if part == ">":
            return len(tokens) > index
        if index >= len(tokens) or part not in ("*", tokens[index]):
            return False
    return len(pattern) == len(tokens)


def _permissions(compiled: Compiled, subjects: Mapping[Letter, str], listed: set[Letter]) -> Iterator[str]:
    """Subjects a user may publish to and should not, or the other way round; a letter is said by its sender's own user alone."""
    for user in compiled.broker.users:
        exact, patterns = {each for each in user.publish if "*" not in each and ">" not in each}, [*user.publish]
        broad = [pattern for pattern in patterns if pattern not in exact]
        for letter, subject in subjects.items():
            may = subject in exact or lets(broad, subject)
            if may != (letter in listed and letter.sender == user.name):
                yield f"{user.name} {'may' if may else 'may not'} say {subject}"
        beats = {each for each in user.publish if each.startswith("alive.")}
        for subject in beats ^ {beat_of(each.sender, each.receiver) for each in listed if each.sender == user.name}:
            yield f"{user.name} {'may' if subject in beats else 'may not'} say {subject}"
        if ("_R_.>" in user.publish) != (user.name in _mute(listed)):
            yield f"{user.name} {'may' if '_R_.>' in user.publish else 'may not'} answer"


def _mute(listed: set[Letter]) -> set[str]:
    """Systems that hear one to which they say nothing: they answer its beats."""
    pairs = {(each.sender, each.receiver) for each in listed}
    return {receiver for sender, receiver in pairs if (receiver, sender) not in pairs}


def _passages(compiled: Compiled, subjects: Mapping[Letter, str], listed: set[Letter]) -> Iterator[str]:
    """What crosses from account to account is what is listed."""
    made = {(way.sender, way.subject, way.receiver) for way in compiled.broker.passages}
    wanted = {(letter.sender, subjects[letter], letter.receiver) for letter in listed}
    wanted |= {(letter.sender, beat_of(letter.sender, letter.receiver), letter.receiver) for letter in listed}
    yield from (f"passage {each}" for each in made ^ wanted)


def _letters(row: Mapping[str, Any]) -> Iterator[Letter]:
    left, right = row["link"]
    for key, sender, receiver in (("up", left, right), ("down", right, left)):
        for message in [*(row.get(key) or ()), *(row.get(f"{key}_inferred") or ())]:
            yield Letter(sender, message, receiver)


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = read_yaml(file.read_text(encoding="utf-8"))
    content["rows"] = (
        {str(name): row for name, row in content["rows"].items()} if isinstance(content["rows"], dict) else content["rows"]
    )
    return content
