"""
Run Python code within NetBox until standard input is closed, like `netbox shell -c` without loading NetBox each time.

Reads one JSON string of code per line, and writes one JSON list per line: the output of the code, and the traceback if
it failed, after what it had logged. What is logged is no part of the output, because RQ logs at any time.
"""

import contextlib
import io
import json
import sys
import traceback

import django
from django.db import connections


def execute(code):
    """Return the output of the code, and its log and traceback, which are empty on success."""
    printed, logged = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(logged):
        try:
            exec(compile(code, '<shell>', 'exec'), {'__name__': '__console__'})
            failure = ''
        except Exception:
            failure = logged.getvalue() + traceback.format_exc()
        finally:
            # Connections are lost if the server is restarted, and prevent the database from being dropped.
            connections.close_all()
    return [printed.getvalue(), failure]


def main():
    answers = sys.stdout
    django.setup()
    for line in sys.stdin:
        answers.write(json.dumps(execute(json.loads(line))) + '\n')
        answers.flush()


if __name__ == '__main__':
    main()
