"""The receipt of a payment as a document."""

from typing import Any

from metropool.core.errors import Conflict
from metropool.core.money import show_cny
from metropool.core.texts import Language
from metropool.portal.documents.typesetter import typeset
from metropool.portal.documents.wording import Wording
from metropool.portal.schemas.paying import Payment
from metropool.portal.schemas.resident import Household


def render_receipt(payment: Payment, home: Household, language: Language) -> bytes:
    """The receipt as PDF; its creation date is the moment of payment.

    Raises:
        Conflict: The payment has not succeeded, so there is no receipt.
    """
    if payment.paid_at is None or payment.receipt_number is None:
        raise Conflict(f"payment {payment.reference} is {payment.state}", key="portal.no_receipt")
    return typeset("receipt", receipt_data(payment, home, language), at=payment.paid_at)


def receipt_data(payment: Payment, home: Household, language: Language) -> dict[str, Any]:
    """What the template of the receipt shows."""
    w = Wording(language)
    receipt_number = payment.receipt_number or w.say("missing")
    return {
        **w.frame(title=w.say("receipt.title"), number=receipt_number, issuer=w.say("issuer")),
        "masthead": [w.pair("receipt_number", receipt_number), w.pair("reference", payment.reference)],
        "who": [w.pair("name", home.name), w.pair("address", home.address), w.pair("combined_account", home.account)],
        "due": {
            "label": w.say("paid"),
            "amount": show_cny(payment.amount_fen),
            "fields": [
                w.pair("paid_at", w.minute(payment.paid_at)),
                w.pair("channel", w.pick(payment.channel_name)),
            ],
        },
        "split": [
            {
                "company": w.pick(part.company_name),
                "service": w.say("late_fee_on", service=w.service(part.service)) if part.is_late_fee else w.service(part.service),
                "bill_number": part.bill_number,
                "amount": show_cny(part.amount_fen),
            }
            for part in payment.split
        ]
        + ([_credit(w, payment)] if payment.credit_fen else []),
        "total": show_cny(payment.amount_fen),
        "refunds": [
            {"at": w.day(one.decided_at), "id": one.id, "amount": show_cny(one.amount_fen)}
            for one in sorted(payment.refunds, key=lambda one: (one.decided_at, one.id))
        ],
        "refunded": show_cny(payment.refunded_fen),
        "notes": [f"{w.say('channel_reference')} {payment.channel_reference or w.say('missing')}", w.say("note.receipt")],
    }


def _credit(w: Wording, payment: Payment) -> dict[str, str]:
    """What went to the credit balance, as a row of the split."""
    return {"company": w.say("issuer"), "service": w.say("credit"), "bill_number": "", "amount": show_cny(payment.credit_fen)}
