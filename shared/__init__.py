"""The frame all services stand in: events, the path a message takes, the database, the web and the clock.

It holds no business rule. Its only domain nouns are `events`, `money` and `documents`.
"""
