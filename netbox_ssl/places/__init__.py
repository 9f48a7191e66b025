"""
Where certificates are used, and who is responsible.

    assignments.py  certificates by place and places by certificate
    contacts.py     contacts of a certificate, and in SQL the certificates of a contact
    deployment.py   deployment state of a certificate on its hosts
    endpoints.py    endpoints by certificate and by place
    endpoint_proposals.py
                    endpoints to add for the places where certificates are used
    suggestions.py  places with the same name as a certificate
    acceptance.py   turns suggestions into assignments
"""
