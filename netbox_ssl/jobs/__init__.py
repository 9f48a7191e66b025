"""
Background jobs.

    chain.py        system jobs of which there is always one run to come
    sweep.py        the sweep
    ari.py          polling of CAs
    smart_paste.py  imports of many certificates from the Smart Paste page
    suggestions.py  the scan for suggested assignments

The system jobs are registered by being imported, in ``NetBoxSSLConfig.ready()``.
"""
