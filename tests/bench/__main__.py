"""`make bench [BENCH=name]`: prints a JSON line per benchmark and stack."""

from __future__ import annotations

import importlib
import sys

NAMES = ("relay", "replay", "orders", "flash-sale", "webhooks", "check-in", "propagation", "footprint")


def main(wanted: str) -> int:
    """Run one benchmark, or all of them; returns the exit code."""
    if wanted not in (*NAMES, "all"):
        print(f"There is no benchmark {wanted!r}: there are {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    for name in NAMES if wanted == "all" else (wanted,):
        importlib.import_module(f"tests.bench.{name.replace('-', '_')}").main()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else "all"))
