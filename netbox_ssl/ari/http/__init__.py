"""
HTTP requests to hosts that are not trusted.

    client.py     GET with redirects, limits and retries
    transport.py  one request, within limits of time and size
    addresses.py  which addresses may be connected to
    failures.py   why there is no answer
"""
