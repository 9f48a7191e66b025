"""The alert rules and the Grafana dashboard are valid, work as documented, and use only metrics that exist."""

import json
import re
import subprocess
from pathlib import Path

import yaml
from django.test import TestCase
from django.utils import timezone

from netbox_ssl.models import Certificate
from netbox_ssl.reports.certificate_metrics import LABELS, CertificateCollector
from netbox_ssl.reports.metrics import RenewalCollector
from tests.support.programs import find

DOCS = Path(__file__).resolve().parents[2] / 'docs/how-to'
RULES = DOCS / 'prometheus/alert-rules.yml'
DASHBOARD = DOCS / 'prometheus/grafana-dashboard.json'
TESTS = Path(__file__).parent / 'prometheus/alert-rules.test.yml'
METRIC = re.compile(r'\b(?:netbox_ssl|x509)_\w+')


def promtool(*arguments):
    done = subprocess.run([find('promtool'), *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def expressions() -> list[str]:
    """Return the expressions of the dashboard with values for its variables."""
    panels = json.loads(DASHBOARD.read_text(encoding='utf-8'))['panels']
    found = [target['expr'] for panel in panels for target in panel['targets']]
    return [re.sub(r'\$\w+', '.*', expression) for expression in found]


def alerts() -> dict[str, str]:
    groups = yaml.safe_load(RULES.read_text(encoding='utf-8'))['groups']
    return {rule['alert']: rule['expr'] for group in groups for rule in group['rules']}


def test_the_rules_are_valid():
    promtool('check', 'rules', RULES)


def test_the_rules_alert_when_they_should():
    tested = {
        test['alertname']
        for case in yaml.safe_load(TESTS.read_text(encoding='utf-8'))['tests']
        for test in case['alert_rule_test']
        if test['exp_alerts']
    }
    assert tested == set(alerts())
    promtool('test', 'rules', TESTS)


def test_the_expressions_of_the_dashboard_are_valid(tmp_path):
    rules = [{'record': f'panel:{number}', 'expr': each} for number, each in enumerate(expressions())]
    assert len(rules) > 5
    file = tmp_path / 'dashboard.yml'
    file.write_text(yaml.safe_dump({'groups': [{'name': 'dashboard', 'rules': rules}]}))
    promtool('check', 'rules', file)


class NamesTestCase(TestCase):
    def test_only_metrics_that_exist_are_used_and_all_are_documented(self):
        collectors = RenewalCollector(), CertificateCollector(Certificate.objects.all(), timezone.now())
        families = [family for collector in collectors for family in collector.collect()]
        existing = {family.name + '_total' * (family.type == 'counter') for family in families}
        used = {name for text in [*expressions(), *alerts().values()] for name in METRIC.findall(text)}
        self.assertEqual(used - existing, set())
        page = (DOCS / 'prometheus.md').read_text(encoding='utf-8')
        self.assertEqual({name for name in METRIC.findall(page) if not name.startswith('netbox_ssl_check')}, existing)
        self.assertEqual({name for name in LABELS if f'`{name}`' not in page}, set())
        self.assertEqual({name for name in alerts() if f'`{name}`' not in page}, set())
