"""A person's session of the web interface."""

import requests

__all__ = ('fetch', 'logged_in')


def logged_in(stack, username: str = '', password: str = '') -> requests.Session:
    """Return a session with the cookies of a user, like that of a browser; of the administrator by default."""
    session = requests.Session()
    session.trust_env = False
    login = f'{stack.base_url}/login/'
    session.get(login, timeout=60)
    form = {
        'username': username or stack.username,
        'password': password or stack.password,
        'csrfmiddlewaretoken': session.cookies['csrftoken'],
    }
    session.post(login, data=form, headers={'Referer': login}, timeout=60).raise_for_status()
    return session


def fetch(session, url, **headers: str) -> str:
    response = session.get(url, headers=headers, timeout=120)
    response.raise_for_status()
    return response.text
