"""
`make demo`: a whole NetBox with the plugin and certificates in every status, until Ctrl-C.

The database stays for the next time. Several demos of one checkout at once have a place each, with its own database.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from demo import inventory, objects, renewal_windows
from demo.places import PLACES, Place, free_place
from dev import locks, static
from dev.console import Failure, Stopped, say, step
from dev.environment import prepared
from dev.stack import Stack
from tests.support.api import Api
from tests.support.receiver import Receiver

FIRST_PORT = 8000


@contextmanager
def demo_environment():
    """Yield the variables for a command on the first demo's database, and its Redis while that demo is running."""
    place = Place(1)
    with prepared() as environment:
        running = locks.is_held(place.lock)
        if not running:
            place.make_database(environment.databases)
        variables = environment.variables(place.database)
        if running and place.read().get('redis_url'):
            variables['NETBOX_SSL_RUN_REDIS'] = place.read()['redis_url']
        yield variables


def demo(_arguments):
    with prepared() as environment, free_place() as place:
        with ThreadPoolExecutor() as background:
            collecting = background.submit(static.ensure)
            place.make_database(environment.databases)
            collecting.result()
        environment.keep_logs = True
        receiver = Receiver()
        stack = Stack(environment, place.database, first_port=FIRST_PORT)
        try:
            start(stack, place, receiver)
            welcome(stack)
            # A demo ends by being stopped.
            with suppress(Stopped):
                watch(stack, receiver)
        finally:
            stack.stop()
            receiver.close()
            environment.keep_logs = False
            say('the demo is stopped; its database is kept (make demo-reset forgets it)')


def start(stack, place, receiver):
    known = place.read()
    with step('starting NetBox'):
        stack.start(known.get('password'), known.get('authorization'))
    place.remember(
        password=stack.password, authorization=stack.authorization, redis_url=stack.variables['NETBOX_SSL_RUN_REDIS']
    )
    api = Api(stack.base_url, stack.authorization)
    if not known.get('filled'):
        with step('filling in certificates'):
            inventory.fill(api)
        place.remember(filled=True)
    inventory.refresh(api, receiver.url)
    if not known.get('asked'):
        # After the rule was made, which announces the window that moves.
        with step('storing its past and renewal information of CAs'):
            stack.run_module('demo.within_netbox')
        place.remember(asked=True)


def welcome(stack):
    print(
        f"""
  NetBox with NetBox SSL is up:   {stack.base_url}/plugins/ssl/overview/

    user        {stack.username}
    password    {stack.password}
    API token   {stack.authorization}

  What to try
    - The tutorial, which begins there with what needs attention:
        {stack.base_url}/plugins/ssl/docs/tutorials/first-certificate/
    - {inventory.FALLS_DUE} falls due in about {inventory.FALLS_DUE_IN} minutes and
      {inventory.EXPIRES} expires in about {inventory.EXPIRES_IN}. Touch nothing: the sweep notices, the
      event rule "{objects.RULE}" fires, and the announcement is printed here.
    - {renewal_windows.MOVED}: its CA wants it renewed by tomorrow, and says why. See its panel "Renewal
      Information"; the event "Renewal window moved" is printed here.
    - The host web-03 is behind: the Hosts tab of the overview shows what each host has.
    - Paste any certificate of yours, without its private key:
        {stack.base_url}/plugins/ssl/certificates/smart-paste/
    - Send one as an ACME client's hook would:
        curl --data-binary @fullchain.pem -H 'Authorization: {stack.authorization}' \\
          {stack.base_url}/api/plugins/ssl/certificates/import/
    - A Python shell on this database, in a second terminal: make run CMD="netbox shell"

  Logs: {stack.folder}
  Ctrl-C stops everything.
""",
        flush=True,
    )


def watch(stack, receiver):
    """Print what the event rule delivers until we are stopped. A server that ends unexpectedly ends the demo."""
    printed = 0
    while True:
        for delivery in receiver.deliveries[printed:]:
            printed += 1
            say(f'announced: {inventory.describe(delivery.json)}')
        for process, name in ((stack.web, 'the web server'), *((worker, 'the worker') for worker in stack.workers)):
            if process.poll() is not None:
                raise Failure(f'{name} ended unexpectedly; its log is in {stack.folder}')
        time.sleep(1)


def demo_reset(_arguments):
    """Forget the databases of all demos that are not running."""
    with prepared() as environment:
        existing = environment.databases.names()
        for number in range(1, PLACES + 1):
            place = Place(number)
            if place.database in existing and not locks.is_held(place.lock):
                place.forget(environment.databases)
                say(f'forgot the demo in place {number}')
    return 0
