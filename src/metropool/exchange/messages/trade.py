"""What is bought and sold: goods and charging, carbon, and the tax invoices of it."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import msgspec
import pyarrow as pa

from metropool.exchange.messages.base import Count, Fact, Message, Name, Text, Words

MOST_OFFERS = 100

Trade = Literal["charging", "goods"]


class Offer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that can be had; ``stock`` 0 takes it off sale, None says nothing of how many there are.

    Attributes:
        price_fen: Of one ``unit`` [fen].
    """

    item: Name
    title_zh: Words
    title_en: Words
    text_zh: Text = ""
    text_en: Text = ""
    unit: Words
    price_fen: Count
    stock: Count | None = None


class OrdersTold(Fact, frozen=True, kw_only=True):
    """Orders as they stand (充电订单, 电商订单), and what a seller has to offer (商品); of each order the highest edition heard holds.

    Attributes:
        trade: What is sold.
        seller: Who sells: an operator's or a merchant's own name.
        rows: ``order`` (id at the seller, or at who placed it until the seller has it), ``edition``, ``state`` (``placed accepted refused
            under_way done cancelled refunded``), ``account_number``, ``item`` (a connector where it is charging), ``quantity`` and ``unit``
            (decimals as text: kWh, pieces), ``lines`` (JSON ``[name, quantity, price, amount]``: energy and service apart), ``amount_fen``
            [fen; negative for a refund], ``started_at``, ``ended_at``, ``told_at``, ``community`` and ``building`` the account lies in.
    """

    may_be_empty: ClassVar[bool] = True
    trade: Trade
    seller: Name
    offers: Annotated[tuple[Offer, ...], msgspec.Meta(max_length=MOST_OFFERS)] = ()
    rows: pa.Table


class CarbonOrdersTold(Fact, frozen=True, kw_only=True):
    """Orders to trade carbon and what became of them (碳交易委托与结果); of each order the highest edition heard holds.

    Attributes:
        account: The trading account at the exchange.
        rows: ``order``, ``edition``, ``product`` (``CEA CCER GDEA PHCER``), ``side`` (``buy sell``), ``tonnes`` and ``filled_tonnes``
            [t CO2e], ``limit_fen`` [fen/t; null: at the market], ``amount_fen`` [fen], ``state`` (``placed open filled cancelled refused
            expired``), ``reason``, ``told_at``.
    """

    account: Name
    rows: pa.Table


class TaxInvoicesTold(Fact, frozen=True, kw_only=True):
    """Tax invoices asked for and issued (开票申请与结果, 数电票), a row a line; of each request the highest edition heard holds.

    Prices are without tax; ``net_fen`` and ``tax_fen`` of a line are its ``total_fen``, and the totals of all lines what was charged.

    Attributes:
        seller: Taxpayer number (统一社会信用代码) of the company; ``seller_name`` what it is called.
        rows: ``request``, ``edition``, ``line``, ``state`` (``asked issued refused reversed``), ``bill_number``, ``buyer_name``,
            ``buyer_number`` (null: a person), ``invoice_number`` (20 digits once issued), ``reverses`` (the one it takes back, 红字),
            ``item`` (with its category, ``*供电*电费``), ``unit``, ``quantity``, ``price`` (decimals as text), ``tax_rate`` (``0.13``;
            null: none, as the sewage fee), ``net_fen``, ``tax_fen``, ``total_fen`` [fen], ``reason``, ``told_at``.
    """

    seller: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Z]{15,20}$")]
    seller_name: Words
    rows: pa.Table


_TEXT = pa.string()
_AT = pa.timestamp("us", tz="UTC")
ROWS: Mapping[type[Message], pa.Schema] = {
    OrdersTold: pa.schema(
        [("order", _TEXT), ("edition", pa.int32())]
        + [(name, _TEXT) for name in ("state", "account_number", "item", "quantity", "unit", "lines")]
        + [("amount_fen", pa.int64()), ("started_at", _AT), ("ended_at", _AT), ("told_at", _AT)]
        + [("community", _TEXT), ("building", _TEXT)]
    ),
    CarbonOrdersTold: pa.schema(
        [("order", _TEXT), ("edition", pa.int32()), ("product", _TEXT), ("side", _TEXT)]
        + [(name, pa.int64()) for name in ("tonnes", "filled_tonnes", "limit_fen", "amount_fen")]
        + [("state", _TEXT), ("reason", _TEXT), ("told_at", _AT)]
    ),
    TaxInvoicesTold: pa.schema(
        [("request", _TEXT), ("edition", pa.int32()), ("line", pa.int32()), ("state", _TEXT), ("bill_number", _TEXT)]
        + [(name, _TEXT) for name in ("buyer_name", "buyer_number", "invoice_number", "reverses")]
        + [(name, _TEXT) for name in ("item", "unit", "quantity", "price", "tax_rate")]
        + [(name, pa.int64()) for name in ("net_fen", "tax_fen", "total_fen")]
        + [("reason", _TEXT), ("told_at", _AT)]
    ),
}
NEEDED: Mapping[type[Message], frozenset[str]] = {
    OrdersTold: frozenset({"order", "edition", "state", "amount_fen", "told_at"}),
    CarbonOrdersTold: frozenset({"order", "edition", "product", "side", "tonnes", "state", "told_at"}),
    TaxInvoicesTold: frozenset({"request", "edition", "line", "state", "item", "net_fen", "tax_fen", "total_fen", "told_at"}),
}
