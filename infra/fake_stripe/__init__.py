"""A stand-in for Stripe in test mode, for one laptop, rehearsals and tests.

It speaks the part of Stripe's API that Stagedoor uses to the real `stripe` client: Checkout Sessions, PaymentIntents,
Charges, BalanceTransactions, Payouts, Refunds, Disputes, Events, idempotency keys, signed webhooks and a hosted payment page that
is marked TEST. A dial turns on the faults that a payment provider and a network have.

    config.py       FakeStripeConfig: everything from outside (file, clock, ids, transport, secrets)
    app.py          create_app(config): the routes as one table
    desk.py         FakeStripe: transactions, what the clock makes due, `deliver_due()`, `next_due_at()`
    store.py        objects as JSON in SQLite; work.py: the surroundings of one transaction
    sessions.py, payments.py, charges.py, payouts.py, refunds.py, disputes.py, events.py   one file per kind
    params.py, errors.py, idempotency.py, access.py     how Stripe reads, refuses and repeats a request
    cards.py        what a test card or IBAN does
    webhooks.py     the queue of signed deliveries with retries
    dial.py         the faults;  controls.py: /test/... to set them and to pay without a browser
    hosted_page.py  the payment page;  texts.py: its words in English and German
    in_process.py   WsgiHTTPClient: the same app without sockets;  serve.py, __main__.py: the same app on a port

It keeps its state with plain sqlite3 and imports neither `stripe` nor a service, so that it stays small beside the shop
and cannot share a mistake with it. It never sees a real card: a live key is refused.
"""
