"""What every answer carries and every form needs: headers, cookies, CSRF tokens, redirects that stay here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect

from shared.config import Settings

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def policy(form_targets: Sequence[str]) -> str:
    """The content security policy: everything from here, nothing inline. A form may also lead to `form_targets`."""
    return "; ".join(
        (
            "default-src 'self'",
            "img-src 'self' data: blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            " ".join(("form-action 'self'", *form_targets)),
        )
    )


def install(app: Flask, settings: Settings, form_targets: Sequence[str]) -> None:
    """Headers on every answer, safe session cookies, a CSRF token in every form.

    A view that carries its own proof (a webhook's signature, an API token, a signed one-click link) is exempt by name:
    `app.extensions["csrf"].exempt(view_or_blueprint)`.
    """
    app.config.update(
        SESSION_COOKIE_NAME=cookie_name(settings, "session"),
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # The token lives as long as the session: a buyer who fills in a form slowly does not lose it.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.is_https,
    )
    CSRFProtect(app)
    content_policy = policy(form_targets)

    def protect(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", content_policy)
        if settings.is_https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-cache"
        return response

    app.after_request(protect)


def cookie_name(settings: Settings, name: str) -> str:
    """`__Host-` binds a cookie to this host over https; plain http on one machine has no such thing."""
    return f"__Host-{name}" if settings.is_https else f"stagedoor-{name}"


def set_cookie(response: Response, settings: Settings, name: str, value: str, max_age: timedelta | None = None) -> None:
    """A cookie that only this host and no script reads. An empty value takes it away; no `max_age`: until the browser closes."""
    seconds = 0 if not value else None if max_age is None else int(max_age.total_seconds())
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=seconds,
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="Lax",
    )


def get_cookie(settings: Settings, name: str) -> str:
    """The value of such a cookie, empty where there is none."""
    return request.cookies.get(cookie_name(settings, name), "")


def safe_next(target: str | None, default: str = "/") -> str:
    """`target` where it is a path on this host, else `default`: nobody is sent elsewhere by a link."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return default
    if any(ord(character) < 33 or ord(character) == 127 for character in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target
