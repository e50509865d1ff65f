"""What sharing does with what it is told."""

from typing import Protocol

from metropool.exchange.messages import BlocksSealed, Message, RowsRequested


class SharingWork(Protocol):
    """One unit of work of sharing."""

    @property
    def cause(self) -> str: ...
    def tell(self, message: Message, *, key: str, to: str | None = None) -> None: ...


def pass_blocks_on(*, work: SharingWork, message: BlocksSealed) -> None:
    """Tell blocks on; the plan's rows say to whom, and of which service."""
    work.tell(message, key=work.cause)


def pass_request_on(*, work: SharingWork, message: RowsRequested) -> None:
    """Carry a company's request for meter data to whoever measured."""
    work.tell(message, key=work.cause)
