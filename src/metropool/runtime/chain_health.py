"""How the chains of a node were found when they were last looked at, in words."""

from metropool.core.periods import BUSINESS_ZONE
from metropool.portal.schemas import site as schema
from metropool.portal.schemas.basics import Text
from metropool.runtime.chains import ChainCheck, last_checks
from metropool.runtime.node import Node

CHAINS = {
    "audit": Text(zh="审计链", en="Audit chain"),
    "evidence": Text(zh="存证链", en="Evidence chain"),
    "ledger": Text(zh="账簿链", en="Ledger chain"),
}


def chain_checks(node: Node) -> list[ChainCheck]:
    """What the last look at ledger, audit and evidence found."""
    with node.database.snapshot() as connection:
        return last_checks(connection)


def chain_line(check: ChainCheck) -> schema.Check:
    """How a chain was found, and when it was looked at."""
    at = check.checked_at.astimezone(BUSINESS_ZONE).isoformat(sep=" ", timespec="minutes")[:16]
    whole = Text(zh=f"完整，{check.rows} 行，校验于 {at}", en=f"whole, {check.rows} rows, checked {at}")
    broken = Text(zh=f"已被改动：{check.fault}，校验于 {at}", en=f"was touched: {check.fault}, checked {at}")
    return schema.Check(
        name=CHAINS[check.chain], state="degraded" if check.fault else "up", detail=broken if check.fault else whole
    )
