"""Why a system of the plan hears a message, or why not: rows, what runs, consent, the broker."""

from collections.abc import Iterator, Mapping

from metropool.core.errors import NotFound
from metropool.plan.compiled import Compiled
from metropool.plan.schema import Letter, Title
from metropool.portal.desks.words import SERVICES, name
from metropool.portal.schemas.basics import Named, Text
from metropool.portal.schemas.trust import Why, WhyChoices, WhyStep


def choices(compiled: Compiled) -> WhyChoices:
    """Systems and messages of the whole plan."""
    systems = [Named(id=system, name=_text(facts.title)) for system, facts in compiled.whole.systems.items()]
    messages = [Named(id=message, name=_text(entry)) for message, entry in compiled.whole.messages.items()]
    return WhyChoices(people=[], actions=[], systems=systems, messages=messages)


def why_system(compiled: Compiled, *, system: str, message: str) -> Why:
    """Whether a system can hear a message in the running plan.

    Raises:
        NotFound: The plan has no such system or message, not even of what is still to be built.
    """
    if system not in compiled.whole.systems or message not in compiled.whole.messages:
        raise NotFound(f"the plan {compiled.plan} knows no {system} or no {message}")
    steps = [_system_step(compiled, system)]
    ways = [(row, letter) for row, letter in compiled.whole.said if letter.message == message and letter.receiver == system]
    for row, letter in ways:
        steps += list(_row_steps(compiled, row, letter))
    can = any(letter in compiled.allowed and row in compiled.rows for row, letter in ways)
    if not ways:
        title = compiled.whole.messages[message]
        zh, en = (
            f"方案中没有任何一行把“{title.zh}”（{message}）发给它",
            f"no row of the plan lets it hear “{title.en}” ({message})",
        )
        steps.append(WhyStep(kind="row", holds=False, text=Text(zh=zh, en=en)))
    zh, en = (
        ("可以收到", "It can")
        if can
        else ("收不到：方案未列的一律由消息总线拒绝", "It cannot: what the plan does not list the broker refuses")
    )
    return Why(can=can, verdict=Text(zh=zh, en=en), steps=steps)


def _system_step(compiled: Compiled, system: str) -> WhyStep:
    runs = bool(compiled.runs_as(system))
    facts = compiled.whole.systems[system]
    party = compiled.whole.parties.get(facts.party)
    by = _text(party) if party else Text(zh=facts.party, en=facts.party)
    zh = f"{facts.title.zh}由{by.zh}运行" + ("" if runs else "；尚未建成")
    en = f"{facts.title.en}: run by {by.en}" + ("" if runs else "; it is not built yet")
    return WhyStep(kind="system", holds=runs, text=Text(zh=zh, en=en))


def _limits(where: Mapping[str, str]) -> Text:
    """Of which medium alone it may speak; whose announcement it is its title says."""
    media = [name("services", value) for value in where.values() if value in SERVICES]
    return Text(zh="".join(f"（仅限{each.zh}）" for each in media), en="".join(f", of {each.en.lower()} alone" for each in media))


def _row_steps(compiled: Compiled, row: str, letter: Letter) -> Iterator[WhyStep]:
    runs = letter in compiled.allowed and row in compiled.rows
    sender, said = compiled.whole.systems[letter.sender].title, compiled.whole.messages[letter.message]
    zh = f"第 {row} 行：{sender.zh}可向它发送“{said.zh}”（{letter.message}）"
    en = f"row {row}: {sender.en} may say “{said.en}” ({letter.message}) to it"
    limits = _limits({**said.where, **compiled.whole.rows[row].where})
    late = ("；尚未建成", "; not built yet")
    yield WhyStep(
        kind="row",
        holds=runs,
        text=Text(zh=zh + limits.zh + ("" if runs else late[0]), en=en + limits.en + ("" if runs else late[1])),
    )
    if letter.message in compiled.whole.rows[row].consent:
        zh, en = "每户须先同意（我的数据），撤回即停", "each household has to agree first (My data); a withdrawal stops it"
        yield WhyStep(kind="consent", holds=runs, text=Text(zh=zh, en=en))
    if runs:
        by_broker = not compiled.letters.isdisjoint(compiled.spread(letter))
        zh, en = (
            ("经消息总线，仅此发送方、此消息可达", "by the broker: this sender and this message alone")
            if by_broker
            else ("经接口或现场链路", "through an API or a link of the field")
        )
        yield WhyStep(kind="broker", holds=True, text=Text(zh=zh, en=en))


def _text(title: Title) -> Text:
    return Text(zh=title.zh, en=title.en)
