"""The rules of the console, without a database."""
