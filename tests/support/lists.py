"""Lists as NetBox's pages load them after a filter was applied or a column was sorted by."""

__all__ = ('listed',)

# The answer then is the table alone. The whole page also has the form of filters, which takes longer than all the rest.
HTMX = {'HX-Request': 'true'}


def listed(client, url: str, data: dict | None = None) -> list:
    """Return the objects in the list at ``url``, in its order."""
    response = client.get(url, data, headers=HTMX)
    assert response.status_code == 200, (url, response.status_code)
    assert [template.name for template in response.templates][:1] == ['htmx/table.html'], url
    return [row.record for row in response.context['table'].rows]
