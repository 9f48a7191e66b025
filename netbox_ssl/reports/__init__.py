"""
Read-only reports on the inventory, without pages.

    by_name.py              whether a name is covered, and until when
    authorities.py          the CA certificates above a certificate
    validity_counts.py      active certificates by validity and by who renews them
    coming_renewals.py      certificates that become due, overdue or expire in the coming weeks
    calendar.py             renewals as an iCalendar feed
    metrics.py              counts for Prometheus
    certificate_metrics.py  a series for each certificate, for Prometheus
    sources.py              sources that need attention
    endpoints.py            endpoints that need attention, and counts by state
    charts/                 SVG drawings
"""
