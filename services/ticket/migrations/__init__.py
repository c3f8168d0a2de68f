"""The ticket service's tables, from the first on."""
