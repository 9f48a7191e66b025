"""Within NetBox: create or update the administrator, create an API token, and print its header as JSON."""

import json
import os

import django


def main():
    django.setup()
    from users.models import Token, User

    wanted = json.loads(os.environ['NETBOX_SSL_RUN_ACCOUNT'])
    user, _ = User.objects.get_or_create(username=wanted['username'])
    user.is_superuser = user.is_active = True
    user.set_password(wanted['password'])
    user.save()
    # NetBox stores only a hash of the token, so it can only be read now.
    token = Token(user=user, description='made by the developer tooling')
    token.save()
    print(json.dumps({'authorization': f'Bearer nbt_{token.key}.{token.token}'}))


if __name__ == '__main__':
    main()
