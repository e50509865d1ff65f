"""Desks of bills, what is owed and paid, refunds and invoices."""
