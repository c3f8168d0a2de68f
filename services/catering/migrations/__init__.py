"""Catering's database, step by step."""
