from netbox.api.routers import NetBoxRouter

from . import views

router = NetBoxRouter()
router.APIRootView = views.RootView
router.register('certificates', views.CertificateViewSet)
router.register('certificate-assignments', views.CertificateAssignmentViewSet)
router.register('endpoints', views.EndpointViewSet)
router.register('issuances', views.IssuanceViewSet)
router.register('sources', views.CertificateSourceViewSet)
router.register('suggestions', views.AssignmentSuggestionViewSet)
router.register('status', views.StatusViewSet, basename='status')

app_name = 'netbox_ssl-api'
urlpatterns = router.urls
