"""
ACME Renewal Information (RFC 9773): polls CAs for when certificates should be renewed, and records the responses.

    eligibility.py   for which certificates it is requested, and why not for others
    directories.py   renewal information URLs of CAs; cached for a day
    host_limits.py   limits for the requests to a host
    fetching.py      one request to a CA, and its outcome
    polling.py       many certificates: claim, request, record
    window_moves.py  announces windows that moved
    explanations.py  texts for pages and the REST API
    http/            requests to untrusted hosts

The system job is in jobs/ari.py.
"""
