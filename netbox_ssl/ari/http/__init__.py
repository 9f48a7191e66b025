"""
HTTP requests to untrusted hosts.

    client.py     GET with redirects, limits and retries
    transport.py  one request, within limits of time and size
    addresses.py  which addresses may be connected to
    failures.py   why there is no response
"""
