"""Catering: how many will eat, and what was ordered.

Owns: meals, extra eaters, the forecast at doors, past editions, the caterer's contact, the catering order.
Consumes: ConferenceOpened, ConferenceChanged, ConferenceCalledOff, TierChanged, TierClosed, AdmissionIssued, AdmissionChanged,
AdmissionCancelled, AdmissionReinstated.
Publishes: catering.meals, catering.staff.
"""
