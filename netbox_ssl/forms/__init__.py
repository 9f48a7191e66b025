from .assignments import (
    CertificateAssignmentBulkEditForm,
    CertificateAssignmentFilterForm,
    CertificateAssignmentForm,
    CertificateAssignmentImportForm,
)
from .bulk_edit import CertificateBulkEditForm
from .bulk_import import CertificateImportForm
from .filtersets import CertificateFilterForm, IssuanceFilterForm
from .model_forms import CertificateForm
from .smart_paste import SmartPasteForm, SmartPasteSettingsForm
from .sources import (
    CertificateSourceBulkEditForm,
    CertificateSourceFilterForm,
    CertificateSourceForm,
    CertificateSourceImportForm,
)

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
    'IssuanceFilterForm',
    'SmartPasteForm',
    'SmartPasteSettingsForm',
)
