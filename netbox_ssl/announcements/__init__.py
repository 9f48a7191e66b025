"""
Tells NetBox's Event Rules what happened to certificates and sources.

    announcement.py  one change, and the rules that get it
    payload.py       the event data
    requests.py      changes made by a request (the events pipeline)
    sweep/           changes made by time alone
    delivery.py      dispatch of many, after the transaction has committed
    queues.py        the jobs of a batch, queued in one go
    emails.py        the event rule action "E-mail"
    counter.py       how many announcements were made, for Prometheus
    locks.py         one announcer at a time for each certificate
"""
