from .bulk_edit import CertificateBulkEditForm
from .bulk_import import CertificateImportForm
from .filtersets import CertificateFilterForm, IssuanceFilterForm
from .model_forms import CertificateForm
from .smart_paste import SmartPasteForm, SmartPasteSettingsForm

__all__ = (
    'CertificateBulkEditForm',
    'CertificateFilterForm',
    'CertificateForm',
    'CertificateImportForm',
    'IssuanceFilterForm',
    'SmartPasteForm',
    'SmartPasteSettingsForm',
)
