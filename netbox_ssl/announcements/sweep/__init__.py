"""
The sweep: finds changes caused by time, using indexes, and announces each once.

    certificates.py  renewal status, validity, expiry marks and overdue renewals
    sources.py       sources that are expired, behind or silent
    endpoints.py     endpoints with a problem, or without it again
    passes.py        which certificates: one pass for each partial index
    paging.py        pages of an index, in its order
    baseline.py      the status of certificates that were never announced
    state.py         when the last sweep ended
    watchdog.py      restarts the chain of sweeps in any worker
"""
