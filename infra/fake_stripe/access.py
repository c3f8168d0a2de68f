"""Who may ask: a secret test key as Bearer token, or as the user of basic authentication."""

from __future__ import annotations

import base64
import binascii
import hmac

from infra.fake_stripe.errors import ApiError

MISSING = (
    "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth "
    "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
)


def check_key(authorization: str | None, expected: str | None) -> None:
    """Raises ApiError 401 unless the key is `expected`, or any test key if nothing is expected."""
    scheme, _, given = (authorization or "").partition(" ")
    key = given.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            key = ""
    elif scheme.lower() != "bearer":
        key = ""
    if not key:
        raise ApiError(MISSING, status=401, keeps=False)
    good = (
        hmac.compare_digest(key.encode(), expected.encode())
        if expected is not None
        else key.startswith(("sk_test_", "rk_test_"))
    )
    if not good:
        raise ApiError(f"Invalid API Key provided: {_masked(key)}", status=401, keeps=False)


def _masked(key: str) -> str:
    """The key as Stripe repeats it: its kind and its last four characters."""
    kind = key[:8] if key.startswith(("sk_", "rk_", "pk_")) else ""
    return f"{kind}{'*' * max(0, len(key) - len(kind) - 4)}{key[-4:] if len(key) > 12 else ''}"
