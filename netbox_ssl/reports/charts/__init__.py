"""
SVG drawings: geometry and wording. The templates only render them.

    bars.py      the coming weeks, on the page Renewals
    heatmap.py   the days of the coming months on which certificates expire, on the overview
    lifetime.py  the lifetime of a certificate, on its page and in the list
    map.py       names, places and contacts of a certificate, on its page
    ring.py      renewal statuses, on the dashboard
    timeline.py  the issuances of a certificate, on its page and on its tab History
    trend.py     how many days before expiry a certificate was renewed, on its page
    wording.py   numbers in words
"""
