"""Writing one message's letter: whom to, whether it is still wanted, and the facts, fetched from the services that own them."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from services.notification import people, store
from services.notification.domain import rule as rules
from services.notification.domain.consent import CONFIRM_WITHIN, Consent, ConsentState
from services.notification.domain.message import Message, rule_of
from services.notification.mailer import Mailer
from services.notification.mime import Attachment, Mail, clean_address, one_line
from services.notification.reading import Reader
from services.notification.rendering import Letter, render
from services.notification.store import Conference
from services.notification.wording import Matter
from shared.database import Database
from shared.errors import Gone, InvalidInput, Refused, Unavailable
from shared.runtime import Runtime

CONFIRM = "notification.confirm"
UNSUBSCRIBE = "notification.unsubscribe"
"""What links are signed for."""
SERVICES = {"ticket": "ticket", "sponsorship": "sponsor_invoice", "catering": "catering"}
"""Who knows a person, by the first half of the id that events carry."""


class Nobody(Refused):
    """The message is not to be sent to anybody; `facts['reason']` says why."""

    code = "nobody"


@dataclass(frozen=True, slots=True)
class PostOffice:
    """What the errand `send` works with."""

    runtime: Runtime
    database: Database
    mailer: Mailer

    @property
    def sender(self) -> str:
        """`Name <address>`, the same for every mail."""
        return self.runtime.settings.mail_from


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str
    locale: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A letter with its address, ready to be handed over."""

    name: str
    address: str
    locale: str
    reply_to: str
    letter: Letter
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: Sequence[Attachment] = ()

    def mail(self, sender: str, mime_id: str, now: datetime) -> Mail:
        return Mail(
            sender=sender,
            to_name=self.name,
            to_address=self.address,
            reply_to=self.reply_to,
            subject=self.letter.subject,
            text=self.letter.text,
            html=self.letter.html,
            mime_id=mime_id,
            written_at=now,
            headers=self.headers,
            attachments=self.attachments,
        )


def write_letter(message: Message, office: PostOffice) -> Finished:
    """The letter of a due message. No transaction may be open.

    Raises `Nobody` where nobody is to be written to any more, `Unavailable` while somebody we have to ask is away, `InvalidInput`
    with the fact `address` where the address is none.
    """
    rule = rule_of(message)
    conference, consent = _load(message, office)
    _check_wanted(message, consent, office)
    person = _find_person(message, conference, office)
    try:
        address = clean_address(person.email)
    except InvalidInput as error:
        raise InvalidInput(str(error), address=True) from error
    if rule is rules.PRICE_RISES and _has_bought(message, address, office):
        raise Nobody("They bought meanwhile.", reason="bought")
    mail = _ask_for_mail(message, office) if rule.source else {}
    attachments = [
        Attachment(str(item["filename"]), str(item["content_type"]), b64decode(item["base64"]))
        for item in mail.get("attachments") or ()
    ]
    matter = Matter(
        reader=Reader.of(person.locale, conference.time_zone if conference else "UTC"),
        name=person.name,
        conference=conference,
        facts={**(mail.get("facts") or {}), **message.facts},
        links={**_own_links(conference, consent, office), **(mail.get("links") or {})},
        files=tuple(item.filename for item in attachments),
    )
    unsubscribe = _unsubscribe_link(consent, office) if rule.consented and consent else ""
    headers = {}
    if unsubscribe:
        headers = {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return Finished(
        name=one_line(person.name),
        address=address,
        locale=matter.reader.locale,
        reply_to=_reply_to(conference),
        letter=render(rule.name, matter, is_test=_is_test(office.runtime), unsubscribe=unsubscribe),
        headers=headers,
        attachments=attachments,
    )


def _load(message: Message, office: PostOffice) -> tuple[Conference | None, Consent | None]:
    """The conference and, for mails about a consent, the consent. A conference nobody told us of yet is waited for."""
    with office.database.reading() as connection:
        conference = store.load_conference(connection, message.conference_id)
        consent = people.load_consent(connection, message.subject) if _is_about_consent(message) else None
    if message.conference_id and conference is None:
        raise Unavailable("The conference of this mail is not known here yet.", conference_id=message.conference_id)
    return conference, consent


def _is_about_consent(message: Message) -> bool:
    return message.rule in (rules.PRICE_RISES.name, rules.CONSENT_CONFIRM.name)


def _check_wanted(message: Message, consent: Consent | None, office: PostOffice) -> None:
    """Raises `Nobody` where the reader has not agreed, or where the news is no news any more."""
    if not _is_about_consent(message):
        return
    if consent is None:
        raise Nobody("They are forgotten.", reason="erased")
    if message.rule == rules.CONSENT_CONFIRM.name:
        if consent.state is not ConsentState.PENDING or consent.asks != message.facts.get("ask"):
            raise Nobody("There is nothing to confirm.", reason="not_pending")
        return
    if consent.state is not ConsentState.CONFIRMED:
        raise Nobody("They took it back.", reason="withdrawn")
    with office.database.reading() as connection:
        if store.any_ended(connection, [str(message.facts.get("tier_id")), message.conference_id]):
            raise Nobody("The tier is closed, or the conference called off.", reason="over")


def _find_person(message: Message, conference: Conference | None, office: PostOffice) -> Person:
    """Name, address and language as they are now. Raises `Nobody` where the person is erased."""
    kind, _, identifier = message.recipient.partition(":")
    if kind == "conference":
        if conference is None or not conference.reply_to:
            raise Nobody("The conference has no shared address.", reason="no_address")
        return Person("", conference.reply_to, office.runtime.settings.organiser_language)
    if kind == "notification":
        with office.database.reading() as connection:
            found: Any = people.find_people(connection, [identifier])[identifier]
    elif kind in SERVICES:
        try:
            answer = office.runtime.internal(SERVICES[kind]).post("/people", {"ids": [identifier]})
        except Gone as error:
            raise Nobody("They are erased.", reason="erased") from error
        found = answer["people"].get(identifier)
    else:
        raise InvalidInput(f"{kind!r} is no service that knows people.", address=True)
    if not found:
        raise Nobody("They are erased.", reason="erased")
    return Person(str(found.get("name") or ""), str(found["email"]), str(found.get("locale") or "en"))


def _has_bought(message: Message, address: str, office: PostOffice) -> bool:
    """Whether somebody with this address has a ticket already, asked when the mail goes out."""
    body = {"conference_id": message.conference_id, "emails": [address]}
    return bool(office.runtime.internal("ticket").post("/bought", body)["bought"])


def _ask_for_mail(message: Message, office: PostOffice) -> dict[str, Any]:
    rule = rule_of(message)
    try:
        return office.runtime.internal(rule.source).post("/mail", {"kind": rule.kind, "subject": message.subject})
    except Gone as error:
        raise Nobody("What it is about is void, or the person erased.", reason="void") from error


def _own_links(conference: Conference | None, consent: Consent | None, office: PostOffice) -> dict[str, str]:
    base = office.runtime.settings.base_url
    links = {}
    if conference is not None:
        links["shop"] = f"{base}/{quote(conference.slug)}"
        links["catering"] = f"{base}/catering/conferences/{quote(conference.conference_id)}/order"
    if consent is not None:
        expires_at = consent.asked_at + CONFIRM_WITHIN
        signer = office.runtime.signer(CONFIRM)
        token = signer.sign({"consent": consent.consent_id, "ask": consent.asks}, expires_at)
        links["confirm"] = f"{base}/mail/confirm/{token}"
    return links


def _unsubscribe_link(consent: Consent, office: PostOffice) -> str:
    token = office.runtime.signer(UNSUBSCRIBE).sign({"consent": consent.consent_id})
    return f"{office.runtime.settings.base_url}/mail/unsubscribe/{token}"


def _reply_to(conference: Conference | None) -> str:
    """The conference's shared address; an unusable one is left out rather than keeping everybody's mail back."""
    try:
        return clean_address(conference.reply_to) if conference and conference.reply_to else ""
    except InvalidInput:
        return ""


def _is_test(runtime: Runtime) -> bool:
    return runtime.settings.uses_fake_stripe or "_test_" in runtime.settings.stripe_key
