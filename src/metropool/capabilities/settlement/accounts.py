"""The clearing side of the host's ledger: which accounts each happening moves.

Debit is positive, credit negative; the legs of an entry sum to zero.

``receivable/<account>`` what an account still owes · ``uncollected/<company>`` the same seen from the companies ·
``channel/<name>`` money at a payment channel · ``payable/<company>`` collected for a company, not yet paid out ·
``credit/<account>`` paid too much.
"""

from metropool.capabilities.settlement.model import Allocation, Part
from metropool.core.money import Fen

Legs = list[tuple[str, Fen]]


def bill_heard(combined_account: str, company: str, amount_fen: Fen) -> Legs:
    """A company's bill came in."""
    return [(f"receivable/{combined_account}", amount_fen), (f"uncollected/{company}", -amount_fen)]


def payment(combined_account: str, channel: str, allocation: Allocation) -> Legs:
    """Money came in at a channel and was shared."""
    legs: Legs = []
    for part in allocation.parts:
        legs += [(f"channel/{channel}", part.amount_fen), *_collected(combined_account, part)]
    if allocation.credit_fen:
        legs += [(f"channel/{channel}", allocation.credit_fen), (f"credit/{combined_account}", -allocation.credit_fen)]
    return legs


def without_money(combined_account: str, allocation: Allocation) -> Legs:
    """Parts and credit that sum to nothing: a bill of less than nothing is settled, or the credit balance pays."""
    legs = [leg for part in allocation.parts for leg in _collected(combined_account, part)]
    return [*legs, (f"credit/{combined_account}", -allocation.credit_fen)] if allocation.credit_fen else legs


def _collected(combined_account: str, part: Part) -> Legs:
    return [
        (f"receivable/{combined_account}", -part.amount_fen),
        (f"uncollected/{part.company}", part.amount_fen),
        (f"payable/{part.company}", -part.amount_fen),
    ]


def refund(combined_account: str, channel: str, taken: Allocation, amount_fen: Fen) -> Legs:
    """Money goes back: the mirror of ``payment`` (parts are negative), and from the credit balance."""
    back = payment(combined_account, channel, Allocation(parts=taken.parts, credit_fen=-taken.credit_fen))
    assert sum(fen for name, fen in back if name == f"channel/{channel}") == -amount_fen
    return back
