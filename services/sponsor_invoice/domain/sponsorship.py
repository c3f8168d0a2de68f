"""Packages, the agreements signed for them, and what the sponsor gets in return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from shared.errors import Conflict, InvalidInput
from shared.events import Event
from shared.events.sponsorship import BenefitGranted, BenefitRevoked, SponsorshipSigned
from shared.money import Money

BenefitKind = Literal["vouchers", "deliverable"]
BenefitState = Literal["waiting", "granted", "revoked"]

MAX_VOUCHERS: Final = 500


@dataclass(frozen=True, slots=True)
class PackageBenefit:
    """A promise in a package: `count` admissions of a type by voucher, or a deliverable in words (logo, booth)."""

    kind: BenefitKind
    count: int = 1
    admission_type: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        if self.kind == "vouchers" and not (self.admission_type and 1 <= self.count <= MAX_VOUCHERS):
            raise InvalidInput("Vouchers need an admission type, and a number from 1 to 500.")
        if self.kind == "deliverable" and not self.description.strip():
            raise InvalidInput("A benefit says in a few words what the sponsor gets.")


@dataclass(frozen=True, slots=True)
class Package:
    """What is sold to sponsors. `price` is gross at `vat_rate` (basis points); `cap` None: as many as come.

    An in-kind package has no price: the sponsor gives work, drinks or a speaker's travel instead.
    """

    id: str
    conference_id: str
    name: str
    price: Money
    in_kind: bool = False
    cap: int | None = None
    vat_rate: int = 1900
    exemption: str = ""
    benefits: tuple[PackageBenefit, ...] = ()
    vouchers_wait: bool = False
    """Vouchers are granted when the invoice is paid, not when the sponsorship is signed."""

    def __post_init__(self) -> None:
        errors: dict[str, list[str]] = {}
        if not self.name.strip():
            errors["name"] = ["A package has a name."]
        if self.in_kind and self.price:
            errors["price"] = ["A package in kind has no price."]
        if not self.in_kind and self.price.amount <= 0:
            errors["price"] = ["A package costs something, or is in kind."]
        if self.cap is not None and self.cap < 1:
            errors["cap"] = ["A cap is at least 1; leave it empty for none."]
        if not 0 <= self.vat_rate <= 10_000:
            errors["vat_rate"] = ["A VAT rate lies between 0 and 100 %."]
        elif not self.in_kind and self.vat_rate == 0 and not self.exemption.strip():
            errors["exemption"] = ["Without VAT the invoice must say why: name the exemption."]
        if errors:
            raise InvalidInput("This package cannot be offered yet: see the marked fields.", errors=errors)


@dataclass(slots=True)
class Benefit:
    """One deliverable of one sponsorship, and whether it may be used."""

    id: str
    kind: BenefitKind
    count: int
    admission_type: str
    description: str
    state: BenefitState = "waiting"


@dataclass(slots=True)
class Sponsorship:
    """One signed agreement. `contact` is the accounting contact as events name it, `sponsorship:per_...`."""

    id: str
    conference_id: str
    package_id: str
    package: str
    sponsor_id: str
    sponsor: str
    contact: str
    price: Money
    in_kind: bool
    signed_on: date
    vouchers_wait: bool
    ended: bool = False
    benefits: list[Benefit] = field(default_factory=list)

    def grant_benefits(self, *, paid: bool) -> list[Event]:
        """Grant what waits. Vouchers wait for payment where that is the policy; what is in kind owes nothing."""
        if self.ended:
            return []
        granted: list[Event] = []
        for benefit in self.benefits:
            must_wait = benefit.kind == "vouchers" and self.vouchers_wait and not self.in_kind and not paid
            if benefit.state == "waiting" and not must_wait:
                benefit.state = "granted"
                granted.append(self._granted(benefit))
        return granted

    def end(self, reason: str) -> list[Event]:
        """The agreement is off: what was granted is taken back, what waits never comes."""
        if self.ended:
            return []
        self.ended = True
        revoked: list[Event] = []
        for benefit in self.benefits:
            if benefit.state == "granted":
                revoked.append(
                    BenefitRevoked(
                        conference_id=self.conference_id, sponsorship_id=self.id, benefit_id=benefit.id, reason=reason
                    )
                )
            benefit.state = "revoked"
        return revoked

    def _granted(self, benefit: Benefit) -> BenefitGranted:
        return BenefitGranted(
            conference_id=self.conference_id,
            sponsorship_id=self.id,
            benefit_id=benefit.id,
            kind=benefit.kind,
            count=benefit.count,
            admission_type=benefit.admission_type,
            contact=self.contact,
        )


def sign(
    *,
    sponsorship_id: str,
    package: Package,
    taken: int,
    sponsor_id: str,
    sponsor: str,
    contact: str,
    signed_on: date,
    benefit_ids: Sequence[str],
) -> tuple[Sponsorship, list[Event]]:
    """An organisation takes a package. `taken` counts its sponsorships that stand; `benefit_ids` one for each benefit.

    Raises `Conflict` when the package's cap is reached. Benefits that need not wait for money are granted at once.
    """
    if package.cap is not None and taken >= package.cap:
        raise Conflict("This package is sold out: offer another one, or raise its cap.", taken=taken, cap=package.cap)
    sponsorship = Sponsorship(
        id=sponsorship_id,
        conference_id=package.conference_id,
        package_id=package.id,
        package=package.name,
        sponsor_id=sponsor_id,
        sponsor=sponsor,
        contact=contact,
        price=package.price,
        in_kind=package.in_kind,
        signed_on=signed_on,
        vouchers_wait=package.vouchers_wait,
        benefits=[
            Benefit(benefit_id, promised.kind, promised.count, promised.admission_type, promised.description)
            for benefit_id, promised in zip(benefit_ids, package.benefits, strict=True)
        ],
    )
    signed = SponsorshipSigned(
        conference_id=package.conference_id,
        sponsorship_id=sponsorship_id,
        sponsor=sponsor,
        package=package.name,
        price=package.price,
        in_kind=package.in_kind,
        signed_on=signed_on,
    )
    return sponsorship, [signed]
