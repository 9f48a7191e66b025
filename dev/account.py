"""Within NetBox: make or renew the administrator; make an API token and print its header as JSON."""

import json
import os

import django


def user(name, password):
    from users.models import User

    account, _ = User.objects.get_or_create(username=name, defaults={'is_superuser': True})
    account.is_superuser = account.is_active = True
    account.set_password(password)
    account.save()
    return account


def token(account):
    """NetBox keeps only a hash of it: this is the one moment to read it."""
    from users.models import Token

    made = Token(user=account, description='made by the developer tooling')
    made.save()
    return f'Bearer nbt_{made.key}.{made.token}'


def main():
    django.setup()
    wanted = json.loads(os.environ['NETBOX_SSL_RUN_ACCOUNT'])
    account = user(wanted['username'], wanted['password'])
    print(json.dumps({'authorization': token(account)}))


if __name__ == '__main__':
    main()
