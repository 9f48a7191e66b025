"""What NetBox SSL adds to NetBox's own pages."""

from django.utils.translation import gettext as _
from netbox.plugins import PluginTemplateExtension

from . import import_job

__all__ = ('template_extensions',)


class ImportJobButtons(PluginTemplateExtension):
    """On the page of a background import: to its results, with links."""

    models = ['core.job']

    def buttons(self):
        job = self.context['object']
        if job.name != import_job.SmartPasteJob.name:
            return ''
        context = {'url': import_job.results_url(job), 'label': _('Results')}
        return self.render('netbox_ssl/buttons/import_results.html', extra_context=context)


template_extensions = [ImportJobButtons]
