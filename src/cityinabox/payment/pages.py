"""The checkout page: one self-contained document, Chinese or English, for phone and desktop."""

from html import escape

from cityinabox.payment.store import Row

TEXTS = {
    "zh": {
        "title": "澜湾支付", "pay": "确认支付", "cancel": "取消", "to": "收款方", "order": "订单号", "amount": "支付金额",
        "note": "演示用支付渠道，不会产生真实扣款", "paid": "支付成功", "cancelled": "订单已取消", "back": "返回商户",
        "other": "English", "limit": "每笔最多", "sign": "同意自动扣款", "decline": "不同意", "signed": "已签约",
        "declined": "未签约", "revoked": "已解约", "mandate": "协议号", "missing": "没有这个订单",
    },
    "en": {
        "title": "Lanwan Pay", "pay": "Pay now", "cancel": "Cancel", "to": "Payee", "order": "Order", "amount": "Amount",
        "note": "A channel for demonstration: no real money moves", "paid": "Paid", "cancelled": "Cancelled",
        "limit": "At most, each time", "sign": "Allow automatic payment", "decline": "Do not allow", "signed": "Allowed",
        "declined": "Not allowed", "revoked": "Revoked", "mandate": "Mandate",
        "back": "Back to the merchant", "other": "中文", "missing": "There is no such order",
    },
}  # fmt: skip
STYLE = """
:root{color-scheme:light dark;--ink:#10212b;--dim:#5b6c78;--paper:#fff;--ground:#eef3f5;--line:#dde5e9;--act:#0b7a75;--on:#fff}
@media (prefers-color-scheme:dark){
:root{--ink:#e8eff2;--dim:#9db0ba;--paper:#17242c;--ground:#0e171c;--line:#2a3a44;--act:#2aa79f;--on:#06201e}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"PingFang SC","Noto Sans SC","Microsoft YaHei",sans-serif;padding:16px}
main{width:100%;max-width:400px;background:var(--paper);border-radius:16px;padding:24px;box-shadow:0 8px 32px #0b3a4a1f}
header{display:flex;justify-content:space-between;align-items:center;font-weight:600}header a{font-weight:400;font-size:14px}
a{color:var(--act)}.amount{text-align:center;margin:28px 0 20px}.amount b{display:block;font-size:40px;line-height:1.2;
font-variant-numeric:tabular-nums}.amount span,dt,small{color:var(--dim)}
dl{margin:0;border-top:1px solid var(--line);padding-top:12px}
dl div{display:flex;justify-content:space-between;gap:16px;padding:4px 0}dt{white-space:nowrap}dd{margin:0;text-align:right;
overflow-wrap:anywhere}button,.back{display:block;width:100%;min-height:48px;margin-top:12px;border-radius:10px;border:1px solid
var(--line);background:none;color:inherit;font:inherit;cursor:pointer;text-align:center;line-height:46px;text-decoration:none}
button.pay,.back{background:var(--act);border-color:var(--act);color:var(--on);font-weight:600}button:focus-visible,a:focus-visible{
outline:3px solid var(--act);outline-offset:2px}small{display:block;text-align:center;margin-top:20px}
.amount .state{color:var(--act);font-weight:600}
"""


def language(asked: str | None, accepted: str) -> str:
    """zh or en: what the address asks for, else what the browser prefers, else zh."""
    if asked in TEXTS:
        return asked
    return "en" if accepted.lower().startswith("en") else "zh"


def checkout_page(order: Row, lang: str) -> str:
    """The page of one order: to be paid or cancelled while open, else what became of it."""
    text = TEXTS[lang]
    amount = f"¥{order['amount_fen'] // 100:,}.{order['amount_fen'] % 100:02d}"
    if order["status"] == "open":
        action = (
            f'<form method="post"><button class="pay" name="action" value="pay" autofocus>{text["pay"]} {amount}</button>'
            f'<button name="action" value="cancel">{text["cancel"]}</button></form>'
        )
    else:
        action = f'<a class="back" href="{escape(order["return_url"])}">{text["back"]}</a>'
    state = "" if order["status"] == "open" else f'<span class="state" role="status">{text[order["status"]]}</span>'
    body = (
        f'<p class="amount"><span>{text["amount"]}</span><b>{amount}</b>{state}</p>'
        f"<dl><div><dt>{text['to']}</dt><dd>{escape(order['title'])}</dd></div>"
        f"<div><dt>{text['order']}</dt><dd>{escape(order['order_id'])}</dd></div></dl>{action}"
    )
    return _document(lang, body)


def mandate_page(mandate: Row, lang: str) -> str:
    """The page of one mandate: to be signed or declined while open, else what became of it."""
    text = TEXTS[lang]
    amount = f"¥{mandate['limit_fen'] // 100:,}.{mandate['limit_fen'] % 100:02d}"
    if mandate["status"] == "open":
        state = ""
        action = (
            f'<form method="post"><button class="pay" name="action" value="sign" autofocus>{text["sign"]}</button>'
            f'<button name="action" value="decline">{text["decline"]}</button></form>'
        )
    else:
        state = f'<span class="state" role="status">{text[mandate["status"]]}</span>'
        action = f'<a class="back" href="{escape(mandate["return_url"])}">{text["back"]}</a>'
    body = (
        f'<p class="amount"><span>{text["limit"]}</span><b>{amount}</b>{state}</p>'
        f"<dl><div><dt>{text['to']}</dt><dd>{escape(mandate['title'])}</dd></div>"
        f"<div><dt>{text['mandate']}</dt><dd>{escape(mandate['mandate_id'])}</dd></div></dl>{action}"
    )
    return _document(lang, body)


def missing_page(lang: str) -> str:
    """The page of an order that is not there."""
    return _document(lang, f'<p class="amount">{TEXTS[lang]["missing"]}</p>')


def _document(lang: str, body: str) -> str:
    text, other = TEXTS[lang], "en" if lang == "zh" else "zh"
    return (
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{text['title']}</title><style>{STYLE}</style><main>"
        f'<header><span>{text["title"]}</span><a href="?lang={other}" lang="{other}">{text["other"]}</a></header>'
        f"{body}<small>{text['note']}</small></main></html>"
    )
