"""Sponsors and the money they owe.

Owns: sellers (who issue, their bank account and number series), packages, sponsors with their accounting contact, what
was signed, benefits, invoices and their documents, payments, reminders, promises, the bank's confirmations, the ledger.

Consumes (ticketing.conferences): ConferenceOpened, ConferenceChanged, ConferenceCalledOff.
Consumes (ticketing.orders): OrderPaid, PaymentRefunded.
Consumes (ticketing.vouchers): VoucherIssued, VoucherRedeemed, VoucherReleased.

Publishes (sponsorship.sponsorships): SponsorshipSigned, InvoiceIssued, InvoiceCorrected, PaymentRecorded, InvoicePaid,
InvoiceOverdue, InvoiceWrittenOff, BenefitGranted, BenefitRevoked.
Publishes (sponsorship.bank): BankConfirmed.
Publishes (sponsorship.staff): StaffActed.
Publishes (sponsorship.people): PersonErased.
"""
