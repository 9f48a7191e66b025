"""
Forms, by kind as in NetBox: ``model_forms``, ``bulk_edit``, ``bulk_import``, ``filtersets``; and the forms of single
pages: ``reports``, ``redetection``, ``smart_paste``. ``fields``, ``mixins`` and ``places`` are shared by several forms.
"""

from .bulk_edit import (
    CertificateAssignmentBulkEditForm,
    CertificateBulkEditForm,
    CertificateSourceBulkEditForm,
    EndpointBulkEditForm,
)
from .bulk_import import (
    CertificateAssignmentImportForm,
    CertificateImportForm,
    CertificateSourceImportForm,
    EndpointImportForm,
)
from .endpoint_filters import EndpointFilterForm
from .filtersets import (
    CertificateAssignmentFilterForm,
    CertificateFilterForm,
    CertificateSourceFilterForm,
    IssuanceFilterForm,
)
from .model_forms import CertificateAssignmentForm, CertificateForm, CertificateSourceForm, EndpointForm
from .smart_paste import SmartPasteForm, SmartPasteSettingsForm

__all__ = (
    'CertificateAssignmentBulkEditForm',
    'CertificateAssignmentFilterForm',
    'CertificateAssignmentForm',
    'CertificateAssignmentImportForm',
    'CertificateBulkEditForm',
    'CertificateFilterForm',
    'CertificateForm',
    'CertificateImportForm',
    'CertificateSourceBulkEditForm',
    'CertificateSourceFilterForm',
    'CertificateSourceForm',
    'CertificateSourceImportForm',
    'EndpointBulkEditForm',
    'EndpointFilterForm',
    'EndpointForm',
    'EndpointImportForm',
    'IssuanceFilterForm',
    'SmartPasteForm',
    'SmartPasteSettingsForm',
)
