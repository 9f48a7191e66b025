"""
Recognise private keys in any form in which they may be pasted.

    search.py     ``find_private_key()``
    labels.py     PEM, and the text forms of many programs
    encodings.py  base64, hex, URL encoding and escapes
"""

from .search import find_private_key

__all__ = ('find_private_key',)
