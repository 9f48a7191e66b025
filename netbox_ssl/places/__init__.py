"""
Where certificates are used, and who is responsible.

    assignments.py  certificates of a place, places of a certificate
    contacts.py     whom to contact about a certificate; and in SQL, the certificates of a contact
    deployment.py   what the hosts of a certificate really have
    suggestions.py  places with the same name as a certificate
    acceptance.py   turns suggestions into assignments
"""
