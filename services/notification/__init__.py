"""Notification: every mail that leaves the house, once.

Owns: messages (the ledger of mails, by rule, subject and occurrence), the letters as they were rendered (for 30 days), the people
who asked to be reminded and their consents.

Consumes: ConferenceOpened, ConferenceChanged, ConferenceCalledOff, TierEndingSoon, TierClosed, OrderPaid, OrderPlaced,
NamesMissing, OrderCancelled, OrderLapsed, PaymentRefunded,
AdmissionIssued, AdmissionTransferred, AdmissionChanged, AdmissionCancelled, TicketRequested, LinksRequested,
WaitlistJoined, WaitlistOffered, InvitationSent,
VoucherIssued, InvoiceIssued, InvoiceOverdue, BenefitGranted, MealsOrdered, MealsAmended, PlatesDrifted, PersonErased.

Publishes: MessageSent, MessageFailed, StaffActed, PersonErased.
"""
