"""How the chains of a node were found when they were last looked at, in words."""

from metropool.core.errors import MetropoolError
from metropool.core.periods import BUSINESS_ZONE
from metropool.exchange.evidence import Broken
from metropool.portal.schemas import site as schema
from metropool.portal.schemas.basics import Text
from metropool.runtime.chains import ChainCheck, last_checks
from metropool.runtime.node import Node

CHAINS = {
    "audit": Text(zh="审计链", en="Audit chain"),
    "evidence": Text(zh="存证链", en="Evidence chain"),
    "ledger": Text(zh="账簿链", en="Ledger chain"),
}
SIGNING = Text(zh="存证签名", en="Signing of evidence")


def chain_checks(node: Node) -> list[ChainCheck]:
    """What the last look at ledger, audit and evidence found."""
    with node.database.snapshot() as connection:
        return last_checks(connection)


def chain_line(check: ChainCheck) -> schema.Check:
    """How a chain was found, and when it was looked at."""
    at = check.checked_at.astimezone(BUSINESS_ZONE).isoformat(sep=" ", timespec="minutes")[:16]
    whole = Text(zh=f"完整，{check.rows} 行，校验于 {at}", en=f"whole, {check.rows} rows, checked {at}")
    if not check.fault:
        return schema.Check(name=CHAINS[check.chain], state="up", detail=whole)
    broken = Text(zh=f"已被改动：{check.fault['zh']}，校验于 {at}", en=f"was touched: {check.fault['en']}, checked {at}")
    return schema.Check(name=CHAINS[check.chain], state="degraded", detail=broken)


def signing_line(node: Node) -> schema.Check:
    """Whether evidence gets its signed roots, and what keeps it from them."""
    reason = node.unsigned
    if reason is None:
        return schema.Check(name=SIGNING, state="up", detail=Text(zh="一秒之内", en="within a second"))
    plain = str(reason) if isinstance(reason, MetropoolError) else f"{type(reason).__name__}: {reason}"
    why = reason.sentence.both() if isinstance(reason, Broken) else {"zh": plain, "en": plain}
    waits = Text(zh=f"尚未签名，仍在重试：{why['zh']}", en=f"not signed, and tried again: {why['en']}")
    return schema.Check(name=SIGNING, state="down", detail=waits)
