"""Catering: how many will eat, and what was ordered.

Owns: meals, extra eaters, the forecast at doors, past editions, the caterer's contact, the catering order with its numbered sheets.

Consumes (ticketing.conferences): ConferenceOpened, ConferenceChanged, ConferenceCalledOff, TierChanged, TierClosed.
Consumes (ticketing.orders): AdmissionIssued, AdmissionChanged, AdmissionCancelled, AdmissionReinstated.

Publishes (catering.meals): HeadcountChanged, ForecastUpdated, MealsProposed, MealsOrdered, MealsAmended, PlatesDrifted.
Publishes (catering.staff): StaffActed.
"""
