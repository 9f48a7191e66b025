from utilities.testing import TableTestCases

from netbox_ssl.tables import CertificateAssignmentTable, CertificateSourceTable, CertificateTable, IssuanceTable


class CertificateTableTestCase(TableTestCases.StandardTableTestCase):
    table = CertificateTable


class IssuanceTableTestCase(TableTestCases.StandardTableTestCase):
    table = IssuanceTable


class CertificateSourceTableTestCase(TableTestCases.StandardTableTestCase):
    table = CertificateSourceTable


class CertificateAssignmentTableTestCase(TableTestCases.StandardTableTestCase):
    table = CertificateAssignmentTable
