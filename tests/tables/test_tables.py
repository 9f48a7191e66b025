from utilities.testing import TableTestCases

from netbox_ssl.tables import CertificateTable, IssuanceTable


class CertificateTableTestCase(TableTestCases.StandardTableTestCase):
    table = CertificateTable


class IssuanceTableTestCase(TableTestCases.StandardTableTestCase):
    table = IssuanceTable
