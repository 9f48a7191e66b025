"""
Panels of object pages: ``panels``, ``alerts``, ``history`` and ``map`` for the pages of the plugin's own objects,
``places`` for the objects that use certificates.
"""
