"""
Read-only reports on the inventory, without pages.

    by_name.py          whether a name is covered, and until when
    coming_renewals.py  certificates that become due, overdue or expire in the coming weeks
    calendar.py         renewals as an iCalendar feed
    metrics.py          metrics for Prometheus
    sources.py          sources that need attention
    charts/             SVG drawings
"""
