"""
The sweep: finds what time alone has changed, by index, and announces it once.

    certificates.py  renewal status and overdue renewals
    sources.py       sources that are behind or silent
    passes.py        which certificates: one pass for each partial index
    paging.py        pages of an index, in its order
    baseline.py      what was so before the plugin was installed
    state.py         when the last sweep ended
    watchdog.py      restarts the chain of sweeps from any worker
"""
