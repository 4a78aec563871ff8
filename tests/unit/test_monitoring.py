"""The dashboard and the alert rules ask for metrics that there are, by the labels that they have."""

import json
import re

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from portal.health.metrics import DatabaseMetrics
from portal.paths import resource
from portal.web.metrics import REGISTRY

DASHBOARD = "docs/operations/grafana-dashboard.json"
ALERTS = "docs/operations/alerts.yml"
ROW = {"connector": "embedded", "workers": 1} | dict.fromkeys(
    (
        "backlog",
        "lag",
        "parked",
        "paused",
        "breaker",
        "delivered",
        "drift",
        "unconfirmed",
        "budget",
        "calls_left",
        "calls_allowed",
        "calls",
    ),
    1,
)

JOB = {"task": "mail", "waiting": 1, "failing": 1, "failed": 1}


@pytest.fixture(scope="module")
def metrics() -> set[str]:
    registry = CollectorRegistry()
    registry.register(DatabaseMetrics([ROW], [JOB]))
    text = (generate_latest(registry) + generate_latest(REGISTRY)).decode()
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    return {name + ("_bucket" if kind == "histogram" else "") for name, kind in kinds.items()}


def alerts() -> str:
    return (resource("static").parent / ALERTS).read_text()


def asked_for(text: str) -> set[str]:
    return set(re.findall(r"\bportal_\w+", text))


def test_the_dashboard_can_be_drawn(metrics: set[str]) -> None:
    dashboard = json.loads((resource("static").parent / DASHBOARD).read_text())
    asked = asked_for(" ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"]))
    assert asked <= metrics
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    shown = {name for name in metrics if not name.startswith("portal_http")}
    assert shown <= asked, "every metric of the sync is on it"


def test_the_alerts_can_fire(metrics: set[str]) -> None:
    text = alerts()
    assert asked_for(text) <= metrics
    rules = re.findall(r"- alert: (\w+)", text)
    assert len(rules) == len(set(rules)) == text.count("description:") == text.count("severity:")


def test_no_rule_asks_for_one_metric_or_another_of_the_same_labels() -> None:
    """`a or b` has b only where there is no a of these labels, and every connector has all of them."""
    for expression in re.findall(r"expr: (?:>-\n)?(.+?)\n +(?:for|labels):", alerts(), re.DOTALL):
        assert " or " not in expression, expression


def test_late_is_not_told_of_what_is_told_already() -> None:
    late = re.search(r"alert: PortalSyncLate\n +expr: >-\n(.+?)\n +for:", alerts(), re.DOTALL)
    assert late is not None
    assert re.findall(r"unless max by \(connector\) \((\w+)\) == 1", late[1]) == [
        "portal_sync_breaker_open",
        "portal_sync_paused",
    ]


def test_what_nobody_counts_is_not_shown_as_nothing_left() -> None:
    registry = CollectorRegistry()
    registry.register(
        DatabaseMetrics([ROW | {"budget": None, "calls_left": None, "calls_allowed": None, "unconfirmed": None}], [])
    )
    text = generate_latest(registry).decode()
    assert "portal_sync_budget_calls{" not in text
    assert "portal_crm_calls_left{" not in text
    assert 'portal_sync_unconfirmed_seconds{connector="embedded"} 0.0' in text
