"""Limits for the size of one input."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Limits for one input: one pasted text, one uploaded file, one ``pem`` value of a list. All are inclusive.

    A request with a list of a thousand certificates contains a thousand inputs; the limits apply to each.
    """

    # A full chain takes 4 to 8 KiB; a hundred of the largest certificates in practical use still fit.
    max_input_bytes: int = 1024 * 1024

    # A chain has 2 to 4; this allows a bundle of several leaves, and limits the signatures to verify.
    max_certificates: int = 100

    # Let's Encrypt allows 100 names and commercial CAs a few hundred; browsers get slow beyond a thousand.
    max_subject_alt_names: int = 1000
