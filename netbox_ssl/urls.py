from django.urls import include, path
from utilities.urls import get_model_urls

from . import views  # noqa: F401  (registers the views of models)
from .views.breakdown import BreakdownView
from .views.by_name import ByNameView
from .views.calendar import CalendarView
from .views.connect import ConnectFileView, ConnectView
from .views.documentation import DocumentationView
from .views.endpoint_proposals import EndpointProposalsView
from .views.hosts import HostsView
from .views.overview import LandingView, OverviewView
from .views.renewals import RenewalsView
from .views.smart_paste import SmartPasteView
from .views.suggestions import SuggestionsOfView

app_name = 'netbox_ssl'
urlpatterns = [
    path('', LandingView.as_view(), name='landing'),
    path('overview/', OverviewView.as_view(), name='overview'),
    path('overview/breakdown/', BreakdownView.as_view(), name='breakdown'),
    path('overview/hosts/', HostsView.as_view(), name='hosts'),
    path('certificates/', include(get_model_urls('netbox_ssl', 'certificate', detail=False))),
    path('certificates/<int:pk>/', include(get_model_urls('netbox_ssl', 'certificate'))),
    path('assignments/', include(get_model_urls('netbox_ssl', 'certificateassignment', detail=False))),
    path('assignments/<int:pk>/', include(get_model_urls('netbox_ssl', 'certificateassignment'))),
    path('sources/', include(get_model_urls('netbox_ssl', 'certificatesource', detail=False))),
    path('sources/<int:pk>/', include(get_model_urls('netbox_ssl', 'certificatesource'))),
    path('endpoints/suggestions/', EndpointProposalsView.as_view(), name='endpoint_proposals'),
    path('endpoints/', include(get_model_urls('netbox_ssl', 'endpoint', detail=False))),
    path('endpoints/<int:pk>/', include(get_model_urls('netbox_ssl', 'endpoint'))),
    path('issuances/', include(get_model_urls('netbox_ssl', 'issuance', detail=False))),
    path('issuances/<int:pk>/', include(get_model_urls('netbox_ssl', 'issuance'))),
    path('by-name/', ByNameView.as_view(), name='by_name'),
    # The address in the menu, whose entries must not begin with each other's (navigation.py)
    path('smart-paste/', SmartPasteView.as_view(), name='smart_paste'),
    path('suggestions/', include(get_model_urls('netbox_ssl', 'assignmentsuggestion', detail=False))),
    path('suggestions/of/', SuggestionsOfView.as_view(), name='suggestions_of'),
    path('connect/', ConnectView.as_view(), name='connect'),
    path('connect/files/<str:name>', ConnectFileView.as_view(), name='connect_file'),
    path('connect/<slug:client>/', ConnectView.as_view(), name='connect'),
    path('renewals.ics', CalendarView.as_view(), name='calendar'),
    path('renewals/', RenewalsView.as_view(), name='renewals'),
    path('docs/', DocumentationView.as_view(), name='documentation'),
    path('docs/<path:page>/', DocumentationView.as_view(), name='documentation'),
]
