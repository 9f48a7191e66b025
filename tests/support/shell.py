"""
Python within NetBox, for as long as its standard input is open: what `netbox shell -c` does, without loading NetBox
each time.

Reads one JSON string of code a line, and answers with one JSON list a line: what the code printed, and the traceback if
it failed.
"""

import contextlib
import io
import json
import sys
import traceback

import django
from django.db import connections


def execute(code):
    """What the code prints, and its traceback, of which it has none if all went well."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            exec(compile(code, '<shell>', 'exec'), {'__name__': '__console__'})
            failure = ''
        except Exception:
            failure = traceback.format_exc()
        finally:
            # A server that is restarted meanwhile has forgotten them, and a database that has any cannot be dropped.
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
