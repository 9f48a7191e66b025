"""
Read-only reports on the inventory, without pages.

    by_name.py              whether a name is covered, and until when
    authorities.py          the CA certificates above a certificate
    chain_steps.py          the chain of a certificate, from it to its root
    relations.py            names, places and contacts of a certificate
    host_matrix.py          which X.509 certificate each host has
    history.py              the issuances of a certificate, newest first
    tiles.py                how many certificates need attention, for the overview
    recent_changes.py       what happened to certificates in the last day
    monitoring.py           whether the sweep and the workers run
    expiry_days.py          certificates that expire on each day of the coming months
    breakdown.py            what the certificates are like, and findings
    validity_counts.py      active certificates by validity and by who renews them
    coming_renewals.py      certificates that become due, overdue or expire in the coming weeks
    calendar.py             renewals as an iCalendar feed
    metrics.py              counts for Prometheus
    certificate_metrics.py  a series for each certificate, for Prometheus
    sources.py              sources that need attention
    endpoints.py            endpoints that need attention, and counts by state
    charts/                 SVG drawings
"""
