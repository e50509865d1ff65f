"""An outside payment channel with its own key; its wire protocol is in PAYMENT.md."""
