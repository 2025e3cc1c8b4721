from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from engine.chat import Asked
from engine.exchange import Exchange, Try
from engine.faults import Fault
from engine.observe.metrics import Figures
from engine.program import Default, Model, Program, Route, StageUse
from engine.targets import Origin, Target
from engine.web import Headers, Request, Response
from tests.tools.step import stage

CALL = (StageUse("call", stage("call")),)
CHAT = Route("POST /openai", ("POST",), "/openai", "openai_chat", True, CALL)
GEMINI = Route("POST /gemini", ("POST",), "/gemini", "gemini_generate", True, CALL)
HEALTH = Route("GET /health", ("GET",), "/health", "", True, (StageUse("health", stage("health")),))
METRICS = Route("GET /metrics", ("GET",), "/metrics", "", True, (StageUse("metrics", stage("metrics: {also: [proxy]}")),))
SILENT = Route("GET /metrics", ("GET",), "/metrics", "", True, (StageUse("metrics", stage("metrics")),))
MODELS = (Model("gpt-4", "openai"), Model("claude-*", "anthropic"))


def program(*routes: Route, default: Default | None = None) -> Program:
    return Program("", None, {}, {}, MODELS, default, (CHAT, GEMINI, HEALTH, *routes))


def counting(default: Default | None = None) -> Figures:
    figures = Figures()
    figures.learn(program(METRICS, default=default))
    return figures


def target(provider: str) -> Target:
    return Target(provider, provider, "", "openai_chat", Origin("https", "up.example", 443), "/v1")


def exchange(model: str | None = "gpt-4", route: Route = CHAT, status: int = 200, fault: str = "", asked: str = "") -> Exchange:
    """`asked`: the provider that answered, or the last one that was tried."""
    made = Exchange(Request("POST", route.pattern, "", Headers()), route, {}, "req-1", 10.0)
    made.ended, made.status, made.answer = 11.5, status, Response(status)
    if model is not None:
        made.chat = Asked(model, False, b"{}", {})
    made.fault = Fault(fault) if fault else None
    if asked:
        made.tries = [Try(target(asked), 10.0, 11.0, fault, status)]
        made.target = None if fault else target(asked)
    return made


def carried(figures: Figures, *exchanges: Exchange) -> None:
    for one in exchanges:
        figures.began(one)
        figures.finished(one)


def told(figures: Figures, name: str) -> dict[tuple[str, ...], float]:
    """{values of the labels, in the order of their names: value} of one sample's name."""
    families = text_string_to_metric_families(figures.expose().decode())
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return {tuple(value for _, value in sorted(sample.labels.items())): sample.value for sample in samples}


def test_requests_by_format_model_provider_and_status() -> None:
    """A36"""
    figures = counting()
    carried(figures, exchange(asked="openai"), exchange(asked="openai"), exchange("claude-4", GEMINI, asked="anthropic"))
    assert told(figures, "proxy_requests_total") == {
        ("openai", "gpt-4", "openai", "success"): 2,
        ("gemini", "claude-*", "anthropic", "success"): 1,
    }


def test_failures_are_counted_too_with_their_family() -> None:
    """A36, W-A8"""
    figures = counting()
    carried(
        figures,
        exchange(asked="openai", status=429, fault="upstream_rate_limit"),
        exchange("made-up", status=400, fault="unknown_model"),
        exchange(None, status=400, fault="invalid_json"),
        exchange(asked="openai", fault="upstream_truncated"),  # a stream that broke after its 200
    )
    assert told(figures, "proxy_requests_total") == {
        ("openai", "gpt-4", "openai", "error"): 2,
        ("openai", "other", "", "error"): 1,
        ("openai", "", "", "error"): 1,
    }
    # The labels' order is error_type, format, model, provider.
    assert told(figures, "proxy_errors_total") == {
        ("rate_limit", "openai", "gpt-4", "openai"): 1,
        ("unknown_model", "openai", "other", ""): 1,
        ("invalid_request", "openai", "", ""): 1,
        ("network", "openai", "gpt-4", "openai"): 1,
    }


def test_a_providers_own_refusal_is_a_failure() -> None:
    figures = counting()
    refused = exchange(asked="openai", status=404)
    refused.tries = [Try(target("openai"), 10.0, 11.0, "upstream_refused", 404)]
    carried(figures, refused)
    assert told(figures, "proxy_errors_total") == {("invalid_request", "openai", "gpt-4", "openai"): 1}


def test_durations_have_their_buckets() -> None:
    """A36"""
    figures = counting()
    carried(figures, exchange(asked="openai"))
    buckets = told(figures, "proxy_request_duration_seconds_bucket")
    bounds = ["0.1", "0.5", "1.0", "2.0", "5.0", "10.0", "30.0", "60.0", "120.0", "+Inf"]
    assert [labels[1] for labels in buckets] == bounds
    assert list(buckets.values()) == [0, 0, 0, *[1] * 7]
    assert told(figures, "proxy_request_duration_seconds_sum") == {("openai", "gpt-4", "openai"): 1.5}


def test_who_is_under_way_and_where_to() -> None:
    """Before a provider has answered, the table says whose turn it is."""
    figures = counting(Default(model="gpt-4"))
    known, unknown, raw = exchange("claude-4"), exchange("made-up"), exchange(None, HEALTH)
    for one in (known, unknown, raw):
        figures.began(one)
    assert told(figures, "proxy_active_requests") == {("openai", "anthropic"): 1, ("openai", "openai"): 1}
    for one in (known, unknown, raw):
        figures.finished(one)
    assert told(figures, "proxy_active_requests") == {("openai", "anthropic"): 0, ("openai", "openai"): 0}


def test_the_default_provider_is_that_of_other_names() -> None:
    figures = counting(Default(provider="gemini"))
    figures.began(exchange("made-up"))
    assert told(figures, "proxy_active_requests") == {("openai", "gemini"): 1}


def test_requests_that_go_to_no_provider_do_not_count() -> None:
    figures = counting()
    carried(figures, exchange(None, HEALTH))
    assert told(figures, "proxy_requests_total") == {}
    assert told(figures, "engine_requests_total") != {}


def test_nothing_is_counted_unless_the_table_asks() -> None:
    figures = Figures()
    figures.learn(program(SILENT))
    carried(figures, exchange(asked="openai"))
    assert "proxy_" not in figures.expose().decode()


def test_a_reload_that_asks_no_more_keeps_what_was_counted() -> None:
    figures, late = counting(), exchange()
    carried(figures, exchange(asked="openai"))
    figures.began(late)
    figures.learn(program(SILENT))
    figures.finished(late)
    carried(figures, exchange(asked="openai"))
    assert told(figures, "proxy_requests_total") == {("openai", "gpt-4", "openai", "success"): 1}
    assert told(figures, "proxy_active_requests") == {("openai", "openai"): 0}
