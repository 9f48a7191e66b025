"""
Reports to NetBox's Event Rules what happened to certificates and sources.

    announcement.py  what is reported of one object, under an ID by which a receiver recognises a repeat
    rules.py         the Event Rules that get it
    payload.py       the event data about a certificate
    requests.py      changes made by a request (the events pipeline)
    batches.py       changes that no request made: found, locked, read, delivered and recorded in batches
    sweep/           the changes that time makes
    delivery.py      the announcements of a batch, serialized together
    queues.py        the jobs of a batch, enqueued in one go
    emails.py        the messages of the event rule action "E-mail"
    counter.py       how many announcements were made, for Prometheus
    locks.py         one announcer at a time for each object
"""
