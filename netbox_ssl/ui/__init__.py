"""
Panels of object pages: ``panels`` on the pages of our own objects, ``places`` where NetBox's objects and certificates
show each other.
"""
