"""
Read-only views of the inventory, without pages.

    by_name.py          is this name covered, and until when?
    coming_renewals.py  what becomes due, overdue or expires in the coming weeks
    calendar.py         the same as an iCalendar feed
    metrics.py          the same for Prometheus
    sources.py          sources that need attention
    charts/             SVG drawings
"""
