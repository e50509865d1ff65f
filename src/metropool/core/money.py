"""Money: integer fen (分, a hundredth of a yuan) for amounts, exact decimals for prices. No float ever."""

from decimal import ROUND_HALF_UP, Decimal

from metropool.core.errors import Invalid

Fen = int
_CENT = Decimal("0.01")


def round_to_fen(amount_cny: Decimal) -> Fen:
    """Round an exact amount in yuan half up to fen: the named rounding step ``half_up_to_fen``."""
    return int(amount_cny.quantize(_CENT, rounding=ROUND_HALF_UP).scaleb(2))


def to_cny(amount: Fen) -> Decimal:
    """Amount in yuan with two decimals, exact."""
    return Decimal(amount).scaleb(-2)


def parse_fen(text: str) -> Fen:
    """Read an amount in yuan such as ``12.34``.

    Raises:
        Invalid: Not a number, or finer than a fen.
    """
    try:
        exact = Decimal(text).scaleb(2)
        whole = int(exact)
    except (ArithmeticError, ValueError) as cause:
        raise Invalid(f"{text!r} is not an amount in yuan") from cause
    if exact != whole:
        raise Invalid(f"{text!r} is finer than a fen")
    return whole


def show_cny(amount: Fen) -> str:
    """``¥ 1,234.50``, the one form used on pages and bills."""
    return f"{'-' if amount < 0 else ''}¥ {to_cny(abs(amount)):,.2f}"


def split_fen(amount: Fen, weights: list[int]) -> list[Fen]:
    """Share an amount by weights so that the parts sum to it exactly; largest remainder first, ties to the earlier part."""
    total = sum(weights)
    if total <= 0:
        raise Invalid("the weights of a split must sum to more than zero")
    parts = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return parts
