"""The kept results of conformance runs, as the pages show them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from metropool.plan.compiled import Compiled
from metropool.portal.schemas.basics import Text
from metropool.portal.schemas.conformance import Conformance, ConformanceFlow, DoorTried, FlowCounts
from metropool.runtime.conformance.keeping import last_kept


def conformance_of(compiled: Compiled, *, home: Path) -> Conformance | None:
    """The newest result of a plan that is kept in a home; None where there is none that can be read."""
    kept = [found for each in last_kept(home) if _name_of(each) == compiled.name and (found := _result(each, compiled))]
    return max(kept, key=lambda result: result.at, default=None)


def _name_of(kept: Mapping[str, Any]) -> str:
    """A plan that was asked for without its variant ran in one of them all the same."""
    plan, variant = str(kept.get("plan", "")), kept.get("variant")
    return f"{plan}:{variant}" if variant and ":" not in plan else plan


def _result(kept: Mapping[str, Any], compiled: Compiled) -> Conformance | None:
    try:
        flows = [_flow(flow, compiled) for flow in kept["flows"]]
        unlisted = kept["unlisted"]
        return Conformance.model_validate(
            {
                "plan": compiled.name,
                "at": kept["at"],
                "took_s": kept["took_s"],
                "is_sound": kept["sound"],
                "paper": _counts(flow for flow in flows if flow.src == "paper"),
                "others": _counts(flow for flow in flows if flow.src != "paper"),
                **{name: unlisted[name] for name in ("tried", "refused", "controls", "let_through")},
                "doors": [
                    DoorTried(door=door, tried=of["tried"], refused=of["refused"]) for door, of in unlisted["doors"].items()
                ],
                "flows": flows,
            }
        )
    except (KeyError, TypeError, AttributeError, ValidationError):  # kept by another version
        return None


def _flow(flow: Mapping[str, Any], compiled: Compiled) -> ConformanceFlow:
    messages = compiled.whole.messages
    titles = {name: facts.title for name, facts in {**compiled.whole.systems, **compiled.systems}.items()}
    why = flow.get("why")
    return ConformanceFlow.model_validate(
        {
            "row": flow["id"],
            "sender": flow["from"],
            "receiver": flow["to"],
            "name": _named(messages.get(flow["message"]), flow["message"]),
            "sender_name": _named(titles.get(flow["from"]), flow["from"]),
            "receiver_name": _named(titles.get(flow["to"]), flow["to"]),
            "why": Text(zh=flow.get("why_zh", why), en=why) if why else None,
            **{name: flow[name] for name in ("direction", "message", "status", "delay_ms", "evidence", "src")},
        }
    )


def _counts(flows: Iterable[ConformanceFlow]) -> FlowCounts:
    found = [flow.status for flow in flows]
    return FlowCounts(works=found.count("works"), not_built=found.count("not built"), failed=found.count("failed"))


def _named(title: Any, otherwise: str) -> Text:
    return Text(zh=title.zh, en=title.en) if title else Text(zh=otherwise, en=otherwise)
