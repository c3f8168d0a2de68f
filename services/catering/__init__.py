"""Catering: how many will eat, and what was ordered.

Owns: meals, extra eaters, the forecast at doors, past editions, the caterer's contact, the catering order.
Consumes: ticketing.conferences, ticketing.orders.
Publishes: catering.meals, catering.staff.
"""
