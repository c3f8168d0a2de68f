"""Stripe's form encoding, `line_items[0][price_data][currency]=eur`, read with its rules and refusals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Union
from urllib.parse import urlsplit

from infra.fake_stripe.errors import bad_param

Tree = dict[str, Union[str, "Tree"]]


def parse_form(pairs: Iterable[tuple[str, str]]) -> Tree:
    """A tree of strings; `a[]` appends, `a[0]` and `a[b]` name a branch."""
    tree: Tree = {}
    for name, value in pairs:
        head, *rest = [name.split("[", 1)[0], *re.findall(r"\[([^\]]*)\]", name)]
        branch = tree
        for step, following in zip([head, *rest], rest, strict=False):
            step = step or str(len(branch))
            child = branch.setdefault(step, {})
            if isinstance(child, str):
                raise bad_param(f"Invalid {name}: it is both a value and a hash.", name)
            branch = child
            head = following
        branch[head or str(len(branch))] = value
    return tree


class Params:
    """The parameters of a request. Each is asked for by name; `refuse_unknown` refuses those nobody asked for."""

    def __init__(self, tree: Tree, path: str = "") -> None:
        self._tree = tree
        self._path = path
        self._asked: dict[str, Params | None] = {}

    def _name(self, name: str) -> str:
        return f"{self._path}[{name}]" if self._path else name

    def text(self, name: str, *, longest: int = 5000) -> str | None:
        """The value, or None if it is absent or empty."""
        self._asked.setdefault(name, None)
        value = self._tree.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise bad_param(f"Invalid string: {name} must be a string", self._name(name))
        if len(value) > longest:
            raise bad_param(f"Invalid string: must be at most {longest} characters", self._name(name))
        return value

    def is_text(self, name: str) -> bool:
        return isinstance(self._tree.get(name), str)

    def required(self, name: str, *, longest: int = 5000) -> str:
        value = self.text(name, longest=longest)
        if value is None:
            raise bad_param(f"Missing required param: {self._name(name)}.", self._name(name), "parameter_missing")
        return value

    def integer(self, name: str, *, least: int | None = None, most: int | None = None) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?\d{1,15}", value):
            raise bad_param(f"Invalid integer: {value}", self._name(name), "parameter_invalid_integer")
        number = int(value)
        if least is not None and number < least:
            raise bad_param(f"This value must be greater than or equal to {least}.", self._name(name))
        if most is not None and number > most:
            raise bad_param(f"This value must be less than or equal to {most}.", self._name(name))
        return number

    def choice(self, name: str, allowed: Sequence[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in allowed:
            raise bad_param(f"Invalid {self._name(name)}: must be one of {', '.join(allowed)}", self._name(name))
        return value

    def web_address(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise bad_param("Not a valid URL", self._name(name), "url_invalid")
        return value

    def sub(self, name: str) -> Params | None:
        """The hash under a name, or None."""
        value = self._tree.get(name)
        if not isinstance(value, dict):
            if value:
                raise bad_param(f"Invalid {self._name(name)}: must be a hash", self._name(name))
            self._asked.setdefault(name, None)
            return None
        known = self._asked.get(name)
        if known is None:
            known = self._asked[name] = Params(value, self._name(name))
        return known

    def items(self, name: str) -> list[Params]:
        """The hashes of a list, in the order of their numbers."""
        whole = self.sub(name)
        if whole is None:
            return []
        found = [whole.sub(key) for key in sorted(whole._tree, key=lambda key: (len(key), key))]
        return [item for item in found if item is not None]

    def texts(self, name: str) -> list[str]:
        """The strings of a list."""
        whole = self.sub(name)
        return [] if whole is None else [whole.required(key) for key in sorted(whole._tree, key=lambda k: (len(k), k))]

    def metadata(self, name: str = "metadata") -> dict[str, str]:
        """At most 50 keys of 40 characters with values of 500, as Stripe allows."""
        whole = self.sub(name)
        if whole is None:
            return {}
        for key in whole._tree:
            if len(key) > 40:
                raise bad_param(f"Metadata keys can have at most 40 characters: {key}", self._name(name))
        if len(whole._tree) > 50:
            raise bad_param("Metadata can have at most 50 keys.", self._name(name))
        return {key: whole.text(key, longest=500) or "" for key in whole._tree}

    def refuse_unknown(self) -> None:
        for name in self._tree:
            if name not in self._asked:
                raise bad_param(
                    f"Received unknown parameter: {self._name(name)}", self._name(name), "parameter_unknown"
                )
            inner = self._asked[name]
            if inner is not None:
                inner.refuse_unknown()
