"""
Rules about the expiry of any certificate, whether it is renewed over ACME or not.

    marks.py     how many days before expiry it is announced
    validity.py  whether a certificate is valid, expiring, expired, or not yet valid
    wording.py   the same in words
"""
