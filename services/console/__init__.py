"""The console: who the staff are, and one overview for them, built from the topics alone.

Owns: accounts of staff, their roles, sessions and invitations; tokens for the event feed; the overview's facts; the audit trail.

Consumes:
  ticketing.conferences: ConferenceOpened, ConferenceChanged, ConferenceCalledOff, TierOpened, TierEndingSoon, TierChanged,
    TierClosed, QuotaChanged
  ticketing.orders: OrderHeld, OrderPlaced, OrderPaid, OrderLapsed, OrderCancelled, PaymentRefunded, RefundRequested,
    DisputeOpened, DisputeClosed, AdmissionIssued, AdmissionChanged, AdmissionTransferred, AdmissionCancelled,
    AdmissionReinstated, AdmissionCheckedIn, AdmissionCheckInUndone, TicketRequested, NamesMissing
  ticketing.vouchers: VoucherIssued, VoucherRedeemed, VoucherReleased, InvitationSent
  ticketing.waitlist: WaitlistJoined, WaitlistOffered, WaitlistOfferLapsed
  sponsorship.sponsorships: SponsorshipSigned, InvoiceIssued, InvoiceCorrected, PaymentRecorded, InvoicePaid, InvoiceOverdue,
    InvoiceWrittenOff, BenefitGranted, BenefitRevoked
  sponsorship.bank: BankConfirmed, TransferMatched, RefundTransferred
  catering.meals: HeadcountChanged, ForecastUpdated, MealsProposed, MealsOrdered, MealsAmended, PlatesDrifted
  notification.messages: MessageSent, MessageFailed
  every <service>.staff and <service>.people: StaffActed, PersonErased, LinksRequested

Publishes:
  console.staff: StaffActed
"""
