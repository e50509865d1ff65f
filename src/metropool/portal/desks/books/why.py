"""Why a person may do something: each grant in force, held to what is asked, in words."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from metropool.access import Access
from metropool.access.actions import action_name
from metropool.access.logins import as_grant, normal
from metropool.access.rights import EVERYTHING, role_called
from metropool.core.errors import NotFound
from metropool.portal.desks.words import name
from metropool.portal.schemas.basics import Text, show_instant
from metropool.portal.schemas.trust import Why, WhyStep

SCOPES = {
    "system": ("系统", "the system"),
    "account": ("户号", "the account"),
    "place": ("地点", "the place"),
    "point": ("设备", "the device"),
}


def why_person(door: Access, *, login: str, action: str, scope: str) -> Why:
    """Whether a login may do an action on a scope (``system:…``, ``account:…``), with every grant that speaks of it.

    Raises:
        NotFound: There is no such login.
    """
    row = door.logins.row(normal(login))
    if row is None:
        raise NotFound(f"no login {login}")
    grants = door.logins.grants(row["login"])
    steps = [_login_step(row), *(_grant_step(grant, action, scope) for grant in grants if action in as_grant(grant).actions)]
    named = action_name(action)
    can = steps[0].holds and any(step.holds for step in steps[1:])
    if len(steps) == 1:
        steps.append(
            WhyStep(
                kind="grant",
                holds=False,
                text=_text(f"没有任何授权包含操作“{named['zh']}”", f"no grant in force has the action “{named['en']}”"),
            )
        )
    return Why(can=can, verdict=_verdict(can), steps=steps)


def _login_step(row: Mapping[str, Any]) -> WhyStep:
    is_open = row["disabled_at"] is None
    zh, en = ("可用", "is open") if is_open else ("已停用", "is closed")
    return WhyStep(
        kind="login",
        holds=is_open,
        text=_text(f"登录名 {row['login']}（{row['name']}）{zh}", f"the login {row['login']} ({row['name']}) {en}"),
    )


def _grant_step(grant: Mapping[str, Any], action: str, scope: str) -> WhyStep:
    holds = grant["scope"] in (scope, EVERYTHING)
    role, by = grant["role"], grant["granted_by"]
    named = action_name(action)
    titled = name("roles", role) if role else None
    given = (
        (f"角色“{titled.zh}”", f"the role “{titled.en}”") if titled else (f"操作“{named['zh']}”", f"the action “{named['en']}”")
    )
    until = datetime.fromtimestamp(grant["valid_until"], UTC) if grant["valid_until"] else None
    ends = (f"，至 {show_instant(until)}", f", until {show_instant(until)}") if until else ("，长期", ", without end")
    has = [action_name(each) for each in (role_called(role).actions if role else (action,))]
    of = "、".join(each["zh"] for each in has), ", ".join(each["en"] for each in has)
    where = _where(grant["scope"])
    zh = f"“{by}”授予{given[0]}，范围：{where.zh}，用途“{grant['purpose']}”{ends[0]}；包含：{of[0]}"
    en = f"“{by}” granted {given[1]} on {where.en} for “{grant['purpose']}”{ends[1]}; it has: {of[1]}"
    other = ("；不是所问的范围", "; not the scope asked about")
    return WhyStep(kind="grant", holds=holds, text=_text(zh + ("" if holds else other[0]), en + ("" if holds else other[1])))


def _where(scope: str) -> Text:
    kind, _, one = scope.partition(":")
    if scope == EVERYTHING:
        return _text("全部", "everything")
    zh, en = SCOPES.get(kind, (kind, kind))
    return _text(f"{zh} {one}", f"{en} {one}")


def _verdict(can: bool) -> Text:
    return _text("可以", "Yes") if can else _text("不可以：没有授权的一律拒绝", "No: what is not granted is refused")


def _text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)
