"""The alert rules and the dashboard of docs/monitoring: they name metrics that exist, and each rule fires."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client

MONITORING = Path(__file__).parents[2] / "docs" / "monitoring"
RULES = MONITORING / "alerts.yml"
HOURS = 26
OVER_A_DAY = f"x{HOURS * 60}"
REQUESTS = "newsletter_http_request_duration_seconds"

GROWING, NOTHING = f"0+60{OVER_A_DAY}", f"0{OVER_A_DAY}"
FIRING: dict[str, dict[str, str]] = {
    "NewsletterDown": {'up{job="newsletter",instance="a"}': NOTHING},
    "NewsletterGone": {"newsletter_paused": NOTHING},
    "NewsletterStalled": {'newsletter_stalled{newsletter="a"}': f"1{OVER_A_DAY}"},
    "NewsletterServiceFailing": {'newsletter_service_up{service="sender"}': NOTHING},
    "NewsletterScheduleStopped": {
        'newsletter_service_last_run_timestamp_seconds{service="schedule"}': f"60{OVER_A_DAY}"
    },
    "NewsletterScheduleLate": {'newsletter_schedule_lag_seconds{newsletter="a"}': GROWING},
    "NewsletterQueueStuck": {'newsletter_queue_age_seconds{newsletter="a"}': GROWING},
    "NewsletterPaused": {"newsletter_paused": f"1{OVER_A_DAY}"},
    "NewsletterFellBack": {'newsletter_fallback_editions{newsletter="a"}': GROWING},
    "NewsletterUnconfirmed": {'newsletter_deliveries_unsettled{newsletter="a"}': f"3{OVER_A_DAY}"},
    "NewsletterSourceSilent": {'newsletter_source_age_seconds{newsletter="a",source="b"}': f"0+600{OVER_A_DAY}"},
    "NewsletterLettersLate": {"newsletter_letters_age_seconds": GROWING},
    "NewsletterEmailsGivenUp": {"newsletter_emails_given_up": f"1{OVER_A_DAY}"},
    "NewsletterComplaints": {
        'newsletter_bounces{newsletter="a",kind="complaint"}': f"0+1{OVER_A_DAY}",
        'newsletter_deliveries{newsletter="a",outcome="accepted"}': f"0+100{OVER_A_DAY}",
    },
    "NewsletterDiskNearlyFull": {'newsletter_disk_free_bytes{folder="journal"}': f"5{OVER_A_DAY}"},
    "NewsletterPagesFail": {
        f'{REQUESTS}_count{{route="/",method="GET",status="200"}}': f"0+90{OVER_A_DAY}",
        f'{REQUESTS}_count{{route="/",method="GET",status="503"}}': f"0+10{OVER_A_DAY}",
    },
    "NewsletterPagesSlow": {
        f'{REQUESTS}_bucket{{le="1.0"}}': f"0+90{OVER_A_DAY}",
        f'{REQUESTS}_bucket{{le="2.5"}}': f"0+100{OVER_A_DAY}",
        f'{REQUESTS}_bucket{{le="+Inf"}}': f"0+100{OVER_A_DAY}",
    },
}
"""Series under which each rule fires."""

WELL = {
    'up{job="newsletter",instance="a"}': f"1{OVER_A_DAY}",
    'newsletter_build_info{version="1"}': f"1{OVER_A_DAY}",
    'newsletter_stalled{newsletter="a"}': NOTHING,
    'newsletter_service_up{service="sender"}': f"1{OVER_A_DAY}",
    'newsletter_service_last_run_timestamp_seconds{service="schedule"}': GROWING,
    "newsletter_paused": NOTHING,
    'newsletter_fallback_editions{newsletter="a"}': f"2{OVER_A_DAY}",
    'newsletter_deliveries_unsettled{newsletter="a"}': NOTHING,
    'newsletter_source_age_seconds{newsletter="a",source="b"}': f"1800{OVER_A_DAY}",
    "newsletter_letters_age_seconds": NOTHING,
    "newsletter_emails_given_up": NOTHING,
    'newsletter_bounces{newsletter="a",kind="complaint"}': NOTHING,
    'newsletter_deliveries{newsletter="a",outcome="accepted"}': f"0+100{OVER_A_DAY}",
    'newsletter_disk_free_bytes{folder="journal"}': f"50000000000{OVER_A_DAY}",
    f'{REQUESTS}_count{{route="/",method="GET",status="200"}}': f"0+90{OVER_A_DAY}",
    f'{REQUESTS}_bucket{{le="1.0"}}': f"0+100{OVER_A_DAY}",
    f'{REQUESTS}_bucket{{le="+Inf"}}': f"0+100{OVER_A_DAY}",
}
"""Series of a site that works."""


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def promtool(
    folder: Path, tried: list[dict[str, Any]], series: dict[str, str], expression: str, expected: list[dict[str, Any]]
) -> None:
    """Run rules over the series, and compare what an expression then is."""
    rules_file = folder / "rules.yml"
    rules_file.write_text(yaml.safe_dump({"groups": [{"name": "tried", "rules": tried}]}), "utf-8")
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": expression, "eval_time": f"{HOURS - 1}h", "exp_samples": expected}],
    }
    path = folder / "test.yml"
    document = {"rule_files": [str(rules_file)], "evaluation_interval": "1m", "tests": [test]}
    path.write_text(yaml.safe_dump(document), "utf-8")
    done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.e2e
def test_the_rules_are_valid() -> None:
    subprocess.run(["promtool", "check", "rules", RULES], check=True, capture_output=True)


@pytest.mark.e2e
@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_each_rule_fires(rule: dict[str, Any], tmp_path: Path) -> None:
    name = rule["alert"]
    expression = f'count(ALERTS{{alertname="{name}",alertstate="firing"}})'
    promtool(tmp_path, [rule], FIRING[name], expression, [{"labels": "{}", "value": 1}])


@pytest.mark.e2e
def test_no_rule_fires_at_a_site_that_works(tmp_path: Path) -> None:
    promtool(tmp_path, rules(), WELL, "ALERTS", [])


@pytest.mark.django_db
@pytest.mark.parametrize("document", ["alerts.yml", "dashboard.json"])
def test_every_metric_that_is_named_exists(client: Client, document: str) -> None:
    body = client.get("/metrics").content.decode()
    families = re.findall(r"^# TYPE (\S+)", body, re.MULTILINE)
    known = set(families) | {f"{family}_{part}" for family in families for part in ("bucket", "count", "sum")}
    named = set(re.findall(r"(?:newsletter|process)_[a-z_]+", (MONITORING / document).read_text("utf-8")))
    assert len(named) > 8
    assert named - known == set()


def test_the_dashboard_has_a_query_in_each_panel() -> None:
    panels = json.loads((MONITORING / "dashboard.json").read_text("utf-8"))["panels"]
    assert all(target["expr"] for panel in panels for target in panel["targets"])
    assert len({panel["id"] for panel in panels}) == len(panels)
