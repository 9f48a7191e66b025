"""
ACME Renewal Information (RFC 9773): requests from CAs when they want certificates renewed, and records the answers.

    eligibility.py   for which certificates it is requested, and why not for others
    directories.py   where a CA answers; cached for a day
    host_limits.py   how many requests a host gets
    asking.py        one request to a CA, and its outcome
    polling.py       many of them: claimed, requested, recorded
    window_moves.py  announces windows that moved
    explanations.py  what pages and the REST API say about it
    http/            requests to hosts that are not trusted

The system job is in jobs/ari.py.
"""
