"""Within NetBox: create or update the administrator, create an API token, and print its header as JSON."""

import json
import os

import django


def make_account(username, password):
    """Return the header of a new API token."""
    from users.models import Token, User

    user, _ = User.objects.get_or_create(username=username)
    user.is_superuser = user.is_active = True
    user.set_password(password)
    user.save()
    # NetBox stores only a hash of the token, so it can only be read now.
    token = Token(user=user, description='made by the developer tooling')
    token.save()
    return f'Bearer nbt_{token.key}.{token.token}'


def main():
    django.setup()
    wanted = json.loads(os.environ['NETBOX_SSL_RUN_ACCOUNT'])
    print(json.dumps({'authorization': make_account(wanted['username'], wanted['password'])}))


if __name__ == '__main__':
    main()
