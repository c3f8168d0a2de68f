"""Fixtures that every test may use: see tests/fixtures/servers.py."""
