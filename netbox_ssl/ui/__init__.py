"""
Panels of object pages: ``panels`` for the pages of the plugin's own objects, ``places`` for the objects that use
certificates.
"""
