"""``renewals.ics``: the calendar feed, for programs that can only be given a URL."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.debug import sensitive_variables
from rest_framework.exceptions import AuthenticationFailed

from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.filtersets import CertificateFilterSet
from netbox_ssl.models import Certificate
from netbox_ssl.netbox_internals import TOKEN_PREFIX, TokenAuthentication
from netbox_ssl.places.deployment import read_deployments
from netbox_ssl.reports.calendar import DUE, EXPIRY, KINDS, calendar_of, moments
from netbox_ssl.reports.first_to_expire import first_to_expire

__all__ = ('CalendarView',)

# The period shown. It includes the recent past, so that an expiry does not vanish on its day.
PAST = timedelta(days=30)
FUTURE = timedelta(days=400)

# Calendar programs become slow with more events.
MOST_EVENTS = 2_000

# Parameters besides the filters of the list
TOKEN, EVENTS = OWN_PARAMETERS = ('token', 'event')


class CalendarView(View):
    """
    An iCalendar feed of the certificates that the user may view, narrowed by the filters of the certificate list. The
    user is identified by ``?token=`` (a NetBox API token), by an Authorization header as in the REST API, or by the
    session. Responds with 401 without a valid token, 403 without permission, and 400 for an invalid filter.
    """

    http_method_names = ('get', 'head', 'options')

    @method_decorator(sensitive_variables('token'))
    def get(self, request):
        try:
            user = _user(request)
        except AuthenticationFailed as error:
            return _refused(401, str(error.detail))
        if user is None:
            return _refused(401, _('Add ?token= with a NetBox API token to the address of this calendar.'))
        # The filters consider what the user of the token may view, not the user of the session.
        request.user = user
        if not user.has_perm('netbox_ssl.view_certificate'):
            return _refused(403, _('This calendar requires permission to view certificates.'))
        kinds = request.GET.getlist(EVENTS) or [DUE, EXPIRY]
        if unknown := [kind for kind in kinds if kind not in KINDS]:
            message = _('event: “{value}” is not one of {choices}.')
            return _refused(400, message.format(value=unknown[0], choices=', '.join(KINDS)))
        filters = request.GET.copy()
        for name in OWN_PARAMETERS:
            filters.pop(name, None)
        certificates = Certificate.objects.restrict(user, 'view')
        filterset = CertificateFilterSet(filters, queryset=certificates, request=request)
        if not filterset.is_valid():
            problems = [f'{name}: {" ".join(messages)}' for name, messages in filterset.errors.items()]
            return _refused(400, '\n'.join(problems))
        now = timezone.now()
        entries = _entries(filterset.qs, kinds, now)
        root = request.build_absolute_uri('/').rstrip('/')
        shown = entries[:MOST_EVENTS]
        deployments = read_deployments({certificate.pk for certificate, _what, _moment in shown}, now, user)
        feed = calendar_of(shown, root, now, len(entries) > MOST_EVENTS, deployments)
        response = HttpResponse(feed, content_type='text/calendar; charset=utf-8')
        response['Content-Disposition'] = 'inline; filename="renewals.ics"'
        return _private(response)


def _user(request):
    """Return the user of the request, or None if it is anonymous. Raises AuthenticationFailed for an invalid token."""
    if token := request.GET.get(TOKEN, '').strip():
        keyword = 'Bearer' if token.startswith(TOKEN_PREFIX) else 'Token'
        # Let NetBox check it like the token of an API request: enabled, not expired, allowed address, active user.
        request.META['HTTP_AUTHORIZATION'] = f'{keyword} {token}'
        # Middleware may have read the headers, which Django then keeps, as that of METRICS_ENABLED does.
        vars(request).pop('headers', None)
    if found := TokenAuthentication().authenticate(request):
        return found[0]
    if request.user.is_authenticated:
        return request.user
    is_public = not settings.LOGIN_REQUIRED and request.user.has_perm('netbox_ssl.view_certificate')
    return request.user if is_public else None


def _entries(certificates, kinds: list[str], now) -> list[tuple]:
    """Return (certificate, what, moment) for each event, soonest first."""
    until = now + FUTURE
    shown = certificates.filter(
        status=CertificateStatusChoices.STATUS_ACTIVE, valid_to__gt=now - PAST, expires_at__lt=until
    )
    shown = shown.select_related('tenant').defer('pem', 'chain_pem').distinct()
    entries = [
        (certificate, what, moment)
        for certificate in first_to_expire(shown, MOST_EVENTS + 1)
        for what, moment in moments(certificate, kinds, now)
        # Of a chain that expires within the period, the certificate may expire later.
        if moment < until
    ]
    return sorted(entries, key=lambda entry: (entry[2], entry[0].pk))


def _refused(status: int, message: str) -> HttpResponse:
    response = HttpResponse(message + '\n', content_type='text/plain; charset=utf-8', status=status)
    if status == 401:
        response['WWW-Authenticate'] = 'Bearer, Token'
    return _private(response)


def _private(response: HttpResponse) -> HttpResponse:
    """Keep the response out of caches, and its URL, which contains a token, out of the Referer of links in the feed."""
    response['Cache-Control'] = 'private, no-store'
    response['Referrer-Policy'] = 'no-referrer'
    return response
