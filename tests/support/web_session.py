"""A person's session of the web interface."""

import requests

__all__ = ('fetch', 'logged_in')


def logged_in(stack) -> requests.Session:
    """Return a session with the cookies of the administrator, like that of a browser."""
    session = requests.Session()
    session.trust_env = False
    login = f'{stack.base_url}/login/'
    session.get(login, timeout=60)
    form = {'username': stack.username, 'password': stack.password, 'csrfmiddlewaretoken': session.cookies['csrftoken']}
    session.post(login, data=form, headers={'Referer': login}, timeout=60).raise_for_status()
    return session


def fetch(session, url):
    session.get(url, timeout=120).raise_for_status()
