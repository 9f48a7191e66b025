"""
Background jobs.

    chain.py        system jobs whose next run is always scheduled
    sweep.py        the sweep
    ari.py          polling of CAs
    smart_paste.py  imports of many certificates from the Smart Paste page
    suggestions.py  the scan for suggested assignments

``NetBoxSSLConfig.ready()`` imports the system jobs, which registers them.
"""
