"""
SVG drawings: their geometry and wording; the templates only place them.

    bars.py      the coming weeks, on the page Renewals
    ring.py      renewal statuses, on the dashboard
    timeline.py  the issuances of a certificate, on its tab History
    wording.py   numbers as all of them write them
"""
