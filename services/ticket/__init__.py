"""Tickets: conferences and the ladder of their prices, orders, money by Stripe, admissions.

Owns: conferences with their legal texts, ladders and quotas; orders, admissions and the people on them; checkouts and payments,
the ledger; vouchers.

Consumes: BenefitGranted, BenefitRevoked, TransferMatched, BankConfirmed, RefundTransferred.

Publishes: ConferenceOpened, ConferenceChanged, ConferenceCalledOff, TierOpened, TierEndingSoon, TierChanged, TierClosed,
QuotaChanged, OrderHeld, OrderPlaced, OrderPaid, OrderLapsed, OrderCancelled, RefundRequested, PaymentRefunded, DisputeOpened,
DisputeClosed, AdmissionIssued, AdmissionCancelled, AdmissionChanged, AdmissionTransferred, AdmissionCheckedIn,
AdmissionCheckInUndone, TicketRequested, LinksRequested, NamesMissing, VoucherIssued, VoucherRedeemed, VoucherReleased,
InvitationSent, WaitlistJoined, WaitlistOffered, WaitlistOfferLapsed, StaffActed, PersonErased.

domain/      what is true, without a database        handlers/    what it does; its `__init__` is the table of contents
store/       what it keeps                           payments.py  Stripe, by its library with stripe_http.py
pages/       pages for buyers, holders and the door  organise_*   pages for staff
api*.py      REST, with schemas*.py                  webhook.py   what Stripe says
internal.py  mail.py, papers.py: for the others      views.py     what all of these show
app.py       how it is put together                  doorkeeping.py  who is at the door
"""
