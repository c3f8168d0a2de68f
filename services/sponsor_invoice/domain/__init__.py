"""The rules of sponsorship and of the money owed for it: no I/O, no framework.

sponsorship.py  packages, what is signed, what a sponsor gets
vat.py          which VAT a sponsor is charged
invoice.py      what is owed: issued, paid, corrected, written off
dunning.py      the ladder of reminders
aging.py        who owes how much for how long
ledger.py       the same money, twice
"""
