"""
Announces events about certificates and sources to NetBox's Event Rules.

    announcement.py  the announcement of an event of one object, with an ID by which a receiver recognises a repeat
    expected.py      the announcements ahead of a certificate, and the rules that would receive them
    validity.py      the announcements of changes of validity and expiry marks
    rules.py         the Event Rules that receive an announcement
    payload.py       the event data about a certificate
    requests.py      changes made by a request (the events pipeline)
    batches.py       changes not made by a request: found, locked, read, delivered and recorded in batches
    sweep/           changes caused by time
    delivery.py      the announcements of a batch, serialized together
    queues.py        the jobs of a batch, enqueued in one go
    emails.py        the messages of the event rule action "E-mail"
    counter.py       how many announcements were made, for Prometheus
    clocks.py        by how much clocks may differ
    locks.py         one announcer at a time for each object
"""
