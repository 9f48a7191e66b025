"""Within NetBox: make or renew the administrator and an API token, both as given; print the token's header as JSON."""

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


def token(account, plain):
    """NetBox keeps only a hash of it: the one given is kept if it still fits, else a new one is made."""
    from users.models import Token

    if plain:
        key = plain.removeprefix('Bearer nbt_').partition('.')[0]
        if Token.objects.filter(user=account, key=key).exists():
            return plain
    made = Token(user=account, description='made by the developer tooling')
    made.save()
    return f'Bearer nbt_{made.key}.{made.token}'


def main():
    django.setup()
    wanted = json.loads(os.environ['NETBOX_SSL_RUN_ACCOUNT'])
    account = user(wanted['username'], wanted['password'])
    print(json.dumps({'authorization': token(account, wanted.get('token'))}))


if __name__ == '__main__':
    main()
