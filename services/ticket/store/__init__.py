"""What the ticket service keeps, and the functions that read and write it.

conferences.py  conferences, legal texts, ladders, quotas      orders.py    orders, admissions, people, repeated requests
payments.py     Stripe's sessions, payments, webhooks, ledger  vouchers.py  lots and codes
transfers.py    bank transfers, refunds by transfer, billing   sellers.py   who sells
refunds.py      what goes back by Stripe                       disputes.py  what banks take back
movements.py    what moved at Stripe by its own list, and how it compares
check_ins.py    scans at the door, guests                      doors.py     check-in points, passes, printed badges
tables.py, billing_tables.py, money_tables.py, door_tables.py  all tables

`load_...` and `..._of` look, `lock_...` reads what the transaction is going to change, `save_...` writes it back, `record_...`
adds a fact. Locks are taken in one order: order, ladders, quotas, voucher, sequences.
"""

from services.ticket.store import conferences, disputes, orders, payments, refunds, sellers, transfers, vouchers
from services.ticket.store.tables import metadata

__all__ = ["conferences", "disputes", "metadata", "orders", "payments", "refunds", "sellers", "transfers", "vouchers"]
