"""What the console does with what it hears: it writes everything down, and decides nothing.

What staff do is in `accounts.py`, what they see in `overview.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.console import projections as p
from shared.events import Event, PersonErased, StaffActed
from shared.events import catering as c
from shared.events import notification as n
from shared.events import sponsorship as s
from shared.events import ticketing as t
from shared.service import Projection, Reaction

PROJECTIONS: Final[Mapping[type[Event], Projection]] = {
    t.ConferenceOpened: p.record_conferences,
    t.ConferenceChanged: p.record_conferences,
    t.ConferenceCalledOff: p.record_conferences,
    t.TierOpened: p.record_tiers,
    t.TierEndingSoon: p.record_tiers,
    t.TierChanged: p.record_tiers,
    t.TierClosed: p.record_tiers,
    t.QuotaChanged: p.record_quotas,
    t.OrderHeld: p.record_orders,
    t.OrderPlaced: p.record_orders,
    t.OrderPaid: p.record_orders,
    t.OrderLapsed: p.record_orders,
    t.OrderCancelled: p.record_orders,
    t.PaymentRefunded: p.record_claims,
    t.RefundRequested: p.record_claims,
    t.DisputeOpened: p.record_claims,
    t.DisputeClosed: p.record_claims,
    t.AdmissionIssued: p.record_admissions,
    t.AdmissionChanged: p.record_admissions,
    t.AdmissionTransferred: p.record_admissions,
    t.AdmissionCancelled: p.record_admissions,
    t.AdmissionReinstated: p.record_admissions,
    t.AdmissionCheckedIn: p.record_admissions,
    t.AdmissionCheckInUndone: p.record_admissions,
    t.VoucherIssued: p.record_lots,
    t.VoucherRedeemed: p.record_uses,
    t.VoucherReleased: p.record_uses,
    t.WaitlistJoined: p.record_waiting,
    t.WaitlistOffered: p.record_waiting,
    t.WaitlistOfferLapsed: p.record_waiting,
    s.SponsorshipSigned: p.record_sponsorships,
    s.InvoiceIssued: p.record_invoices,
    s.InvoicePaid: p.record_invoices,
    s.InvoiceOverdue: p.record_invoices,
    s.InvoiceCorrected: p.record_settlements,
    s.PaymentRecorded: p.record_settlements,
    s.InvoiceWrittenOff: p.record_settlements,
    s.BenefitGranted: p.record_benefits,
    s.BenefitRevoked: p.record_benefits,
    s.BankConfirmed: p.record_bank,
    s.TransferMatched: p.record_transfers,
    s.RefundTransferred: p.record_transfers,
    c.HeadcountChanged: p.record_headcounts,
    c.ForecastUpdated: p.record_forecasts,
    c.MealsProposed: p.record_meal_orders,
    c.MealsOrdered: p.record_meal_orders,
    c.MealsAmended: p.record_meal_orders,
    c.PlatesDrifted: p.record_drifts,
    n.MessageSent: p.record_messages,
    n.MessageFailed: p.record_messages,
    StaffActed: p.record_acts,
    PersonErased: p.record_acts,
    t.TicketRequested: p.record_acts,
    t.LinksRequested: p.record_acts,
    t.InvitationSent: p.record_acts,
    t.NamesMissing: p.record_acts,
}
REACTIONS: Final[Mapping[type[Event], Reaction]] = {}
