"""The settings: from the environment, one typed object, wrong ones refused at start by name."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

from shared.errors import InvalidInput

PREFIX = "STAGEDOOR_"


def _setting(default: str, help: str, *, allowed: str = "", secret: bool = False) -> str:
    return field(default=default, metadata={"help": help, "allowed": allowed, "secret": secret})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every field is `STAGEDOOR_<FIELD>` in the environment. `{home}` and `{service}` are filled in where they stand."""

    home: str = _setting("var", "Folder of everything that is kept on one machine.")
    base_url: str = _setting("http://127.0.0.1:8000", "Where people reach the front door.", allowed="url")
    internal_url: str = _setting("http://127.0.0.1:8001", "Where services reach each other.", allowed="url")
    database_url: str = _setting("sqlite:///{home}/{service}.db", "A database for each service.", allowed="database")
    log_url: str = _setting("embedded:///{home}/log.db", "The log of events.", allowed="log")
    topic_prefix: str = _setting("", "Put before the name of every topic and group.")
    secret: str = _setting("", "Signs links and tokens; made at the first start under home if empty.", secret=True)
    smtp_url: str = _setting("", "Mail server; empty keeps mails readable in the browser.", allowed="smtp", secret=True)
    mail_from: str = _setting("Stagedoor <tickets@stagedoor.invalid>", "Sender of every mail.")
    organiser_language: str = _setting("en", "Language of mails to organisers.", allowed="en|de")
    stripe_key: str = _setting("", "Stripe's secret key; empty uses the fake Stripe.", allowed="stripe", secret=True)
    stripe_api: str = _setting("", "Where Stripe's API is, if not at Stripe.", allowed="url")
    stripe_webhook_secret: str = _setting("", "Signs Stripe's webhooks.", secret=True)
    stripe_live: str = _setting("no", "Whether a live key may be used.", allowed="yes|no")
    trust_proxy: str = _setting("no", "Whether one proxy's forwarded headers are believed.", allowed="yes|no")
    log_level: str = _setting("info", "How much is logged.", allowed="debug|info|warning|error")
    crash_at: str = _setting("", "A named crash point, for tests only.")

    def database_of(self, service: str) -> str:
        return self.database_url.format(home=self.home, service=service)

    @property
    def log_at(self) -> str:
        return self.log_url.format(home=self.home)

    @property
    def uses_fake_stripe(self) -> bool:
        return not self.stripe_key

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises `InvalidInput` that names the wrong one and says what is allowed.

    Makes `home` and, where no secret is set, one under `home` that later starts find again.
    """
    environ = os.environ if environ is None else environ
    given = {name[len(PREFIX) :].lower(): value for name, value in environ.items() if name.startswith(PREFIX)}
    known = {item.name for item in fields(Settings)}
    for name in sorted(given.keys() - known):
        names = ", ".join(sorted(PREFIX + item.upper() for item in known))
        raise InvalidInput(f"{PREFIX}{name.upper()} is no setting. There are: {names}.", setting=name)
    settings = Settings(**given)
    for item in fields(Settings):
        _check(item.name, getattr(settings, item.name), str(item.metadata["allowed"]))
    if settings.stripe_key.startswith(("sk_live", "rk_live")) and settings.stripe_live != "yes":
        raise InvalidInput(
            "STAGEDOOR_STRIPE_KEY is a live key: set STAGEDOOR_STRIPE_LIVE=yes if money is really meant."
        )
    home = Path(settings.home).resolve()
    home.mkdir(parents=True, exist_ok=True)
    secret = settings.secret or kept_secret(home, "secret")
    webhook_secret = settings.stripe_webhook_secret
    if not webhook_secret and settings.uses_fake_stripe:
        webhook_secret = "whsec_" + kept_secret(home, "webhook-secret")
    return Settings(
        **{
            **{item.name: getattr(settings, item.name) for item in fields(Settings)},
            "home": str(home),
            "base_url": settings.base_url.rstrip("/"),
            "internal_url": settings.internal_url.rstrip("/"),
            "secret": secret,
            "stripe_webhook_secret": webhook_secret,
        }
    )


def kept_secret(home: Path, name: str) -> str:
    """The secret in a file that only we may read, made at the first call."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / name
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(made := secrets.token_urlsafe(32))
    return made


def _check(name: str, value: str, allowed: str) -> None:
    variable = PREFIX + name.upper()

    def refuse(sentence: str) -> None:
        raise InvalidInput(f"{variable} {sentence}", setting=name)

    if "|" in allowed:
        if value not in allowed.split("|"):
            refuse(f"is {value!r}: allowed are {', '.join(allowed.split('|'))}.")
    elif allowed == "database":
        if not value.startswith(("sqlite:///", "postgresql+psycopg://")) or "{service}" not in value:
            refuse("must be sqlite:///PATH or postgresql+psycopg://..., with {service} where the service's name goes.")
    elif allowed == "log":
        if not value.startswith(("embedded:///", "kafka://")):
            refuse("must be embedded:///PATH or kafka://HOST:PORT[,HOST:PORT].")
    elif allowed == "smtp":
        if value and urlsplit(value).scheme not in ("smtp", "smtps"):
            refuse("must be smtp://[USER:PASSWORD@]HOST:PORT or smtps://... .")
    elif allowed == "stripe":
        if value and not value.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
            refuse("must be a secret key of Stripe: sk_test_... or sk_live_... .")
    elif allowed == "url" and value and urlsplit(value).scheme not in ("http", "https"):
        refuse(f"is {value!r}: it must begin with http:// or https://.")
