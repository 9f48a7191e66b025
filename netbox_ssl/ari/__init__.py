"""
ACME Renewal Information (RFC 9773): asks CAs when they want certificates renewed, and notes the answers.

    client.py       requests to hosts that are not trusted; transport.py keeps them within limits, addresses.py says
                    which may be connected to, failures.py why there is no answer
    directories.py  where a CA answers; kept for a day
    eligibility.py  which certificates are asked for, and why others are not
    asking.py       one certificate's question and what came of it
    polling.py      many of them: claimed, asked, recorded
    moved.py        tells the Event Rules of windows that moved
    jobs.py         the system job; soon.py lets it run right after an import
    describing.py   what a person is told
"""
