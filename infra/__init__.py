"""What runs beside the services: starters, the front door, the fake payment provider, the rehearsal."""
