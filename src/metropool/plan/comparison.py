"""How a comparison of plans is told: rows of words for a table, or JSON."""

import json
from collections.abc import Iterable, Sequence

from metropool.core.texts import Language, say
from metropool.plan.compare import Measures, Sheet, Stop
from metropool.plan.schema import Title
from metropool.plan.source import ROOM

SHOWN_STOPS = 3
Line = tuple[str, tuple[str, ...]]
Border = tuple[str, str]


def table_of(sheets: Sequence[Sheet], language: Language) -> list[Line]:
    """Label and one value a plan, numbers as ``all of the plan (of these, running)``; the first line has the titles."""
    counts = ("systems", "rows", "links", "messages", "letters")
    lines: list[Line] = [("", tuple(_name(sheet.title, language) for sheet in sheets))]
    lines += [(_word(f"compare_{count}", language), tuple(_both(sheet, count) for sheet in sheets)) for count in counts]
    lines += _crossings(sheets, language)
    lines.append((_word("compare_hops", language), tuple(_ways(sheet, language) for sheet in sheets)))
    lines.append((_word("compare_sees", language), tuple(_sees(sheet, language) for sheet in sheets)))
    lines.append((_word("compare_stops", language), tuple(_stops(sheet, language) for sheet in sheets)))
    if any(sheet.measured for sheet in sheets):
        lines.append((_word("compare_measured", language), tuple(_measured(sheet, language) for sheet in sheets)))
    return lines


def json_of(sheets: Sequence[Sheet]) -> str:
    """Everything that was counted, for ``--json``."""
    return json.dumps([_sheet(sheet) for sheet in sheets], ensure_ascii=False, indent=2)


def _both(sheet: Sheet, count: str) -> str:
    return f"{getattr(sheet.whole, count)} ({getattr(sheet.running, count)})"


def _crossings(sheets: Sequence[Sheet], language: Language) -> list[Line]:
    borders = sorted({border for sheet in sheets for border in sheet.whole.crossings})

    def counted(sheet: Sheet, *borders: Border) -> str:
        whole, running = (sum(m.crossings.get(border, 0) for border in borders) for m in (sheet.whole, sheet.running))
        return f"{whole} ({running})"

    lines: list[Line] = [(_word("compare_crossings", language), tuple(counted(sheet, *borders) for sheet in sheets))]
    for border in borders:
        label = " – ".join(_word(f"zone_{zone}", language) for zone in border)
        lines.append((f"  {label}", tuple(counted(sheet, border) for sheet in sheets)))
    return lines


def _ways(sheet: Sheet, language: Language) -> str:
    """To each app of a resident, how many links and through whom."""
    ways = sheet.whole.ways.values()
    return "\n".join(f"{len(way) - 1}: " + " → ".join(_system(sheet, name, language) for name in way) for way in ways)


def _sees(sheet: Sheet, language: Language) -> str:
    lines = []
    for party, systems in sheet.whole.sees.items():
        told = sheet.outline.parties.get(party)
        names = _list((_system(sheet, name, language) for name in systems), language)
        lines.append(f"{_name(told, language) if told else party}: {names}")
    return "\n".join(lines)


def _stops(sheet: Sheet, language: Language) -> str:
    """The systems whose stopping takes most down."""
    lines = []
    for stop in sheet.whole.stops[:SHOWN_STOPS]:
        share = {"silenced": stop.silenced, "letters": sheet.whole.letters, "name": _system(sheet, stop.system, language)}
        cut = _list((_system(sheet, name, language) for name in stop.cut_off), language)
        lines.append(say(ROOM, "compare_stop_cut" if cut else "compare_stop", language, **share, others=cut))
    return "\n".join(lines)


def _measured(sheet: Sheet, language: Language) -> str:
    """What did not come while each system stood still, beside what the rows say."""
    computed = {stop.system: stop.silenced for stop in sheet.running.stops}
    lines = []
    for stop in sheet.measured:
        share = {"silenced": stop.silenced, "letters": sheet.running.letters, "name": _system(sheet, stop.system, language)}
        lines.append(say(ROOM, "compare_stop_seen", language, **share, computed=computed.get(stop.system, 0)))
    return "\n".join(lines)


def _sheet(sheet: Sheet) -> dict[str, object]:
    return {
        "plan": sheet.plan,
        "variant": sheet.variant,
        "title": {"zh": sheet.title.zh, "en": sheet.title.en},
        "whole": _measures(sheet.whole),
        "running": _measures(sheet.running),
        "measured": {"how": "stopped", "letters": sheet.running.letters, "systems": [_stop(stop) for stop in sheet.measured]},
    }


def _measures(measures: Measures) -> dict[str, object]:
    return {
        "systems": measures.systems,
        "rows": measures.rows,
        "links": measures.links,
        "messages": measures.messages,
        "letters": measures.letters,
        "zone_crossings": [{"zones": list(zones), "links": links} for zones, links in measures.crossings.items()],
        "meter_to_app": [{"app": app, "hops": len(way) - 1, "way": list(way)} for app, way in measures.ways.items()],
        "sees_personal_data": {party: list(systems) for party, systems in measures.sees.items()},
        "stopped": {
            "how": "computed",
            "systems": [_stop(stop) for stop in measures.stops],
        },
    }


def _stop(stop: Stop) -> dict[str, object]:
    lost = [{"message": letter.message, "sender": letter.sender, "receiver": letter.receiver} for letter in stop.lost]
    return {"system": stop.system, "silenced": stop.silenced, "cut_off": list(stop.cut_off), "lost": lost}


def _system(sheet: Sheet, name: str, language: Language) -> str:
    return _name(sheet.outline.systems[name].title, language)


def _name(title: Title, language: Language) -> str:
    return title.zh if language == "zh" else title.en


def _list(names: Iterable[str], language: Language) -> str:
    return ("、" if language == "zh" else ", ").join(names)


def _word(key: str, language: Language) -> str:
    return say(ROOM, key, language)
