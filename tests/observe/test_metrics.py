from prometheus_client.parser import text_string_to_metric_families

from engine.chat import Asked, Usage
from engine.exchange import Exchange
from engine.faults import TABLE, Fault
from engine.observe.metrics import Figures
from engine.observe.names import COUNTS, FIGURES
from engine.program import Model, Program, Route
from engine.targets import Origin, Target
from engine.web import Headers, Request, Response, Streamed

CHAT = Route("POST /v1/chat/completions", ("POST",), "/v1/chat/completions", "openai_chat", False, ())
TARGET = Target("openai:gpt-4o", "openai", "gpt-4o", "openai_chat", Origin("https", "api.openai.com", 443), "/v1")
MODELS = (Model("gpt-4o", "openai"), Model("claude-*", "anthropic"))


def exchange(status: int = 200, *, streaming: bool = False, fault: str = "", model: str = "gpt-4o") -> Exchange:
    made = Exchange(Request("POST", "/v1/chat/completions", "", Headers()), CHAT, {}, "req-1", 10.0)
    made.status, made.first_byte, made.ended = status, 10.2, 12.0
    made.target = TARGET
    made.chat = Asked(model, streaming, b"{}", {})
    made.answer = Response(status, stream=Streamed(None, None) if streaming else None)  # type: ignore[arg-type]
    made.fault = Fault(fault) if fault else None
    made.usage = Usage(10, 5, 3)
    return made


def told(figures: Figures) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """{(sample, sorted labels): value}, as Prometheus itself would read it."""
    families = text_string_to_metric_families(figures.expose().decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def carried(figures: Figures, *exchanges: Exchange) -> None:
    for one in exchanges:
        figures.began(one)
        figures.finished(one)


def test_requests_are_counted_by_route_method_status_and_error() -> None:
    figures = Figures()
    carried(figures, exchange(), exchange(), exchange(503, fault="upstream_overloaded"))
    route = ("method", "POST"), ("route", CHAT.name)
    assert told(figures)["engine_requests_total", (("error", ""), *route, ("status", "200"))] == 2
    assert told(figures)["engine_requests_total", (("error", "upstream_overloaded"), *route, ("status", "503"))] == 1


def test_active_requests_come_and_go() -> None:
    figures, one = Figures(), exchange()
    figures.began(one)
    assert told(figures)["engine_active_requests", (("route", CHAT.name),)] == 1
    figures.finished(one)
    assert told(figures)["engine_active_requests", (("route", CHAT.name),)] == 0


def test_durations_are_cumulative_histograms_whole_and_streamed_apart() -> None:
    figures = Figures()
    carried(figures, exchange(), exchange(streaming=True), exchange(streaming=True))
    rows = told(figures)
    name = "engine_request_duration_seconds"
    streamed = ("route", CHAT.name), ("streaming", "true")
    assert rows[f"{name}_bucket", (("le", "1.0"), *streamed)] == 0
    assert rows[f"{name}_bucket", (("le", "2.5"), *streamed)] == 2
    assert rows[f"{name}_bucket", (("le", "+Inf"), *streamed)] == 2
    assert rows[f"{name}_sum", streamed] == 4.0
    assert rows[f"{name}_count", (streamed[0], ("streaming", "false"))] == 1


def test_the_first_token_is_timed_for_streams_only() -> None:
    figures = Figures()
    carried(figures, exchange(), exchange(streaming=True))
    key = "engine_time_to_first_token_seconds_count", (("provider", "openai"), ("route", CHAT.name))
    assert told(figures)[key] == 1


def test_tokens_are_counted_under_configured_names_only() -> None:
    figures = Figures()
    figures.learn(Program("", None, {}, {}, MODELS, None, (CHAT,)))
    carried(figures, exchange(), exchange(model="claude-4"), exchange(model="x" * 5000))
    rows = told(figures)
    for model in ("gpt-4o", "claude-*", "other"):
        assert rows["engine_tokens_total", (("kind", "input"), ("model", model), ("provider", "openai"))] == 10
    assert "xxx" not in figures.expose().decode()


def test_a_request_that_reached_no_provider_is_counted_too() -> None:
    figures, one = Figures(), exchange(404, fault="not_found")
    one.target = one.usage = one.answer = None
    carried(figures, one)
    assert sum(value for (name, _), value in told(figures).items() if name == "engine_requests_total") == 1


def test_upstream_attempts_and_errors() -> None:
    figures = Figures()
    for code in ("ok", "ok", "upstream_reset", "upstream_connect"):
        figures.attempt(TARGET, code)
    rows = told(figures)
    assert rows["engine_upstream_attempts_total", (("code", "ok"), ("provider", "openai"))] == 2
    assert rows["engine_upstream_errors_total", (("provider", "openai"),)] == 2


def test_named_counts_find_their_figure_and_any_other_is_an_event() -> None:
    figures = Figures()
    for word in ("refused.bad_request", "refused.bad_request", "reload.applied", "worker_deaths", "accept_refused", "refused"):
        figures.count(word)
    rows = told(figures)
    assert rows["engine_refused_total", (("kind", "bad_request"),)] == 2
    assert rows["engine_reloads_total", (("outcome", "applied"),)] == 1
    assert rows["engine_worker_deaths_total", ()] == 1
    assert rows["engine_events_total", (("kind", "accept_refused"),)] == 1
    assert rows["engine_events_total", (("kind", "refused"),)] == 1


def test_lag_gauges_and_what_is_sampled() -> None:
    figures = Figures(sample=lambda: [("process_open_fds", 12.0)])
    figures.lag(0.003)
    figures.set("engine_config_generation", 4)
    rows = told(figures)
    assert rows["engine_loop_lag_seconds_count", ()] == 1
    assert rows["engine_config_generation", ()] == 4
    assert rows["process_open_fds", ()] == 12


def test_every_row_of_the_table_is_well_formed() -> None:
    assert set(COUNTS.values()) <= set(FIGURES)
    for figure in FIGURES.values():
        assert figure.says.endswith(".")
        assert bool(figure.bounds) == (figure.kind == "histogram")
        assert not figure.name.endswith("_total")
    figures = Figures()
    for code in TABLE:
        figures.count(f"refused.{code}")
    assert len(told(figures)) >= len(TABLE)
