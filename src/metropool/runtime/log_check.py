"""Is the log still the one a node took its readings from? And what to do when it never will be again."""

from dataclasses import asdict, dataclass
from typing import Any

from nats.aio.client import Client

from metropool.access import Access
from metropool.core.errors import Conflict
from metropool.exchange.ports import Log, LogEnd
from metropool.runtime.metering import METERING, log_of
from metropool.runtime.node import Node


@dataclass(frozen=True)
class Standing:
    """What a node's books say of its log: up to which batch it took it in, and when it was made; None if never noted."""

    position: int
    made: str | None


async def check_log(node: Node, log: Log) -> None:
    """Refuse a log that is not the one readings were taken from: new batches would count as repeats and be dropped.

    The first time, and in books older than this check, the log there is becomes the node's own.

    Raises:
        Unavailable: The log does not answer.
        Conflict: It is another log, or an older state of ours; says what to do.
    """
    # the books first: what is taken in between the two was in the log before, and the log ends no earlier than the books stand
    ours = await node.read(METERING, lambda work: _standing(work, _stream(node)))
    end = await log.end()
    wrong = _what_is_wrong(node, ours, end)
    if wrong:
        raise Conflict(
            f"{wrong}: the broker's folder was lost or is of another home; restore it from the backup of the same moment as the "
            "books, nothing is collected until then. If it is gone for good: "
            f"metropool doctor --accept-log {node.system} --reason …"
        )
    if ours.made is None:
        await node.write(METERING, lambda work: work.collection.set_log(stream=_stream(node), made=end.made, epoch=0))


async def accept_log(node: Node, client: Client, *, by: str, reason: str) -> dict[str, Any]:
    """Take in from now on the log there is, all that it still hands over; what another held is given up.

    What the books have already comes again then, which changes nothing. Readings that were confirmed and had not been taken in
    are missing: they are gaps, and asked for again.

    Args:
        node: Held by us alone.
        client: Connection as the node's own user.
        by, reason: Who does it and why, for the audit.

    Returns:
        Position and making of the log before and after.

    Raises:
        Conflict: Nothing is wrong with the log.
    """
    end, stream = await log_of(node, client).end(), _stream(node)

    def accept(work: Any) -> dict[str, Any]:
        ours = _standing(work, stream)
        if not _what_is_wrong(node, ours, end):
            raise Conflict(f"the log {stream} is the one {node.system} took its readings from: there is nothing to accept")
        after = Standing(position=0, made=end.made)
        work.collection.set_log(stream=stream, made=end.made, epoch=work.collection.log_epoch(stream=stream) + 1)
        work.collection.set_position(stream=stream, sequence=after.position)
        told = {"reason": reason, "before": asdict(ours), "after": asdict(after), "ends": end.sequence}
        Access(work.context).audit.note(actor=by, action="log.accept", on=stream, outcome="done", details=told)
        return {"log": stream, **told}

    return await node.write(METERING, accept)


def _what_is_wrong(node: Node, ours: Standing, end: LogEnd) -> str:
    stream = _stream(node)
    if ours.made not in (None, end.made):
        return f"the log {stream} was made anew at {end.made}, but {node.system} took in batch {ours.position} of the one of {ours.made}"
    if ours.position > end.sequence:
        return f"the log {stream} ends at batch {end.sequence}, but {node.system} took in batch {ours.position}"
    return ""


def _standing(work: Any, stream: str) -> Standing:
    return Standing(position=work.collection.position(stream=stream), made=work.collection.log_made(stream=stream))


def _stream(node: Node) -> str:
    return f"log_{node.system}"
