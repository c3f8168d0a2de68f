"""Tickets: conferences and the ladder of their prices, orders, money by Stripe, admissions.

Owns: conferences with their legal texts, ladders and quotas; orders, admissions and the people on them; checkouts and payments,
the ledger; vouchers.

Consumes: BenefitGranted, BenefitRevoked, TransferMatched, BankConfirmed, RefundTransferred.

Publishes: ConferenceOpened, ConferenceChanged, ConferenceCalledOff, TierOpened, TierEndingSoon, TierChanged,
TierClosed, QuotaChanged, OrderHeld, OrderPlaced, OrderPaid, OrderLapsed, OrderCancelled, RefundRequested,
PaymentRefunded, DisputeOpened, DisputeClosed, AdmissionIssued, AdmissionCancelled, AdmissionChanged, AdmissionCheckedIn,
AdmissionCheckInUndone, AdmissionTransferred,
TicketRequested, LinksRequested, NamesMissing, VoucherIssued, VoucherRedeemed, VoucherReleased, InvitationSent, WaitlistJoined,
WaitlistOffered, WaitlistOfferLapsed, StaffActed,
PersonErased. domain/ what is true, without a database handlers/ what it does; its `__init__` is the table of contents
store/ what it keeps payments.py the only file that knows Stripe's library stripe_facts.py what it is told and
says pages/ pages for buyers organise.py,
planning.py pages for staff api.py, schemas.py REST for machines webhook.py what Stripe says internal.py, mail.py for
the other services tickets.py PDF and calendar entry views.py what all of these show app.py how it is put together
"""
