"""
SVG drawings: geometry and wording. The templates only render them.

    bars.py      the coming weeks, on the page Renewals
    ring.py      renewal statuses, on the dashboard
    timeline.py  the issuances of a certificate, on its tab History
    wording.py   numbers in words
"""
