"""A process of NetBox that does what the REST API cannot: past times, and renewal information of CAs."""

import django


def main():
    django.setup()
    from demo import past, renewal_windows

    past.move_back()
    renewal_windows.store()


if __name__ == '__main__':
    main()
