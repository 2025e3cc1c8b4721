from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.routes.complaints import render_github, render_json, render_text
from engine.routes.masking import secret_spans
from tests.tools.tables import checked


def masked(text: str) -> str:
    lines = text.split("\n")
    out = []
    for line, spans in zip(lines, secret_spans(lines), strict=True):
        for start, end in reversed(spans):
            line = line[:start] + "***" + line[end:]
        out.append(line)
    return "\n".join(out)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('keys: ["abc", "def"]', 'keys: ["***", "***"]'),
        ("keys: [abc, def]", "keys: [***, ***]"),
        ("{kind: openai, keys: ['abc'], base_url: x}", "{kind: openai, keys: ['***'], base_url: x}"),
        ("{key: abc, kind: x}", "{key: ***, kind: x}"),
        ("key: abc def  # why", "key: ***  # why"),
        ("token: 'it''s'", "token: '***'"),
        ('secret: "a\\"b"', 'secret: "***"'),
        ('{key: "ab"cd", kind: x}', '{key: "***"***, kind: x}'),
        ('{key: "ab","kind": x}', '{key: "***","kind": x}'),
        ('key: "ab" cd # why', 'key: "***" *** # why'),
        ('keys: ["ab"cd", "e"]', 'keys: ["***"***, "***"]'),
        ("key:abc", "key:***"),
        ("key=abcd", "key=***"),
        ("key='abc'", "key='***'"),
        ('url: "http://h/p?a=b&key=abcd&c=d"', 'url: "http://h/p?a=b&key=***&c=d"'),
        ("  - key abc", "  - key ***"),
        ("key: ,abc", "key: ,***"),
        ("key: #abc", "key: ***"),
        ("kyes: ['abc']", "kyes: ['***']"),
        ("tokn: abc", "tokn: ***"),
        ("openai_kye: abc", "openai_kye: ***"),
        ("key: abc, def", "key: ***"),
        ("key*: abc", "key*: ***"),
        ("api_key: abc", "api_key: ***"),
        ("apiKey: abc", "apiKey: ***"),
        ("access-token: abc", "access-token: ***"),
        ("'x-api-key': abc", "'x-api-key': ***"),
        ("authorization: Bearer abc", "authorization: ***"),
        ("password: abc", "password: ***"),
        ('keys: ["abc', 'keys: ["***'),
        ("keys: [abc", "keys: [***"),
        ("key: 'abc' 'def'\nkey: x", "key: '***' ***\nkey: ***"),
    ],
)
def test_literal_credentials_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        'keys: ["${KEY}", "${KEY:-}"]',
        "keys: ['${file:/run/key}']",
        "key: ${KEY_1}",
        'keys: ["${OPENAI_API_KEY"]',
        "keys: []",
        'key: ""',
        "key: ~",
        "key: *shared",
        "key:",
        "accept: [key]",
        "max_tokens: 500",
        "total-tokens: 5",
        "monkey: bananas",
        "turkey: {kind: openai}",
        "credential: bearer",
        '- {match: "GET /v1/keys", speaks: openai_chat}',
        "base_url: http://127.0.0.1:11434/v1",
        "# no secrets",
        '{base_url: "http://h/p?key=1"}',
        "{key: , kind: x}",
        "select: {by: model}",
        "of: [fast, gemini]",
        "body: 10MiB",
    ],
)
def test_everything_else_is_shown(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key: ${KEY:-abc}", "key: ${KEY:-***}"),
        ("key: 'pre-${KEY}-post'", "key: '***${KEY}***'"),
        ("key: ${sk-abc}", "key: ***}"),
    ],
)
def test_what_stands_around_a_reference_is_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("keys:\n  - abc\n  - ${KEY}\n\n  - 'def'\nkind: x", "keys:\n  - ***\n  - ${KEY}\n\n  - '***'\nkind: x"),
        ("keys:\n- abc\n- def\nkind: x", "keys:\n- ***\n- ***\nkind: x"),
        ("key: |\n  abc\n  # def\nkind: x", "key: |\n  ***\n  ***\nkind: x"),
        ("key: abc\n  def\nkind: x", "key: ***\n  ***\nkind: x"),
        ("keys: [\n  abc,\n  'd e'\n]\nkind: x", "keys: [\n  ***,\n  '***'\n]\nkind: x"),
        ('key: "abc\n  def"\nkind: x', 'key: "***\n  ***"\nkind: x'),
        ('key: "abc\n  d\\"ef"\nkind: x', 'key: "***\n  ***"***\nkind: x'),
        ("keys:\n  - abc\n|   - def\nkind: x", "keys:\n  - ***\n***\nkind: x"),
        ("a: b  keys:\n  - abc\nkind: x", "a: b  keys:\n  - ***\nkind: x"),
        ("- auth:\n    keys:\n      - abc\n- decode", "- auth:\n    keys:\n      - ***\n- decode"),
        ("- key: abc\n  kind: x", "- key: ***\n  kind: x"),
        ("keys:\n  - value: abc\nkind: x", "keys:\n  - ***\nkind: x"),
    ],
)
def test_credentials_over_several_lines_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefghijkl",
        "AIzaSyA1234567890abc",
        "gsk_abcdefghijklmnop",
        "xai-abcdefghijklmnop",
        "ghp_abcdefghijklmnop1234",
    ],
)
@pytest.mark.parametrize("around", ["model: {}", "# {}", "{}", "x: [a, '{}']", "GET /?k={}"])
def test_what_looks_like_a_credential_is_hidden_anywhere(secret: str, around: str) -> None:
    assert secret not in masked(around.format(secret))


def test_credentials_in_urls_and_headers_are_masked() -> None:
    assert masked("proxy: http://user:pass@host:80/") == "proxy: http://***@host:80/"
    assert masked("x: 'Bearer abcdefghijk'") == "x: 'Bearer ***'"


LAYOUTS = [
    "{field}: {secret}",
    "{field}: '{secret}'",
    "{field}: [a, {secret}]",
    "{field}:\n  - {secret}",
    "{field}: >\n  {secret}",
    "a: {{{field}: {secret}, b: c}}",
    "a:\n  - b: c\n    {field}: ['{secret}', x",
    "- {field}:\n  - {secret}",
    '{field}: [\n  "{secret}"',
    '"{field}": "{secret}',
]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(LAYOUTS),
    st.sampled_from(["key", "keys", "token", "secret", "api_key", "openai_api_key", "client-secret"]),
    st.from_regex(r"[A-Za-z0-9_.+/=-]{4,20}", fullmatch=True).filter(lambda s: any(c.isalnum() for c in s)),
)
def test_no_layout_shows_a_credential(layout: str, field: str, secret: str) -> None:
    secret = f"Q{secret}Q"
    assert secret not in masked(layout.format(field=field, secret=secret))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(alphabet="key: ['\"{},]#-$|\\ab"), max_size=6))
def test_spans_of_any_text_are_in_order_and_inside(lines: list[str]) -> None:
    for line, spans in zip(lines, secret_spans(lines), strict=True):
        flat = [edge for span in spans for edge in span]
        assert flat == sorted(flat)
        assert all(0 <= edge <= len(line) for edge in flat)


def test_a_variable_without_its_braces_is_shown_and_what_could_be_a_password_is_not() -> None:
    assert masked('keys: ["$OPENAI_API_KEY"]') == 'keys: ["$OPENAI_API_KEY"]'
    assert "HUNTER2" not in masked('keys: ["$HUNTER2"]')
    assert "ec_ret" not in masked('keys: ["$ec_ret"]')


@pytest.mark.parametrize(
    "stage",
    [
        "{auth: s3cret}", "{auth: [s3cret]}", "{auth: {s3cret}}", "{auth: {keys: s3cret}}", "{auth: {keys: {s3cret: 1}}}",
        "{auth: {named: s3cret}}", "{auth: {named: [s3cret]}}", "{auth: {key: s3cret}}", "auth s3cret", "{auth: 's3cret' x}",
        "{auth: s3cret", "{'auth': s3cret, x}", "{auth: {keys: [s3cret]}}",
    ],
)  # fmt: skip
def test_a_credential_where_a_stages_options_are_due_is_not_shown(stage: str) -> None:
    told(f"version: 1\npipelines:\n  p: [{stage}]\nroutes: []\n")


@pytest.mark.parametrize(
    "provider",
    [
        "openai: s3cret", "openai: [s3cret]", "openai: {kind: openai, keys: s3cret}", "openai: {kind: openai, s3cret}",
        "openai: {kind: openai, key: s3cret}", "openai:\n    s3cret",
        "openai: {kind: openai, credential: s3cret}", "openai: {kind: openai, headers: {authorization: s3cret}}",
        "openai: {kind: openai, headers: {x-y: 's3cret '}}", "openai: {kind: openai, headers: s3cret}",
        "openai: {kind: openai, proxy: s3cret}", "openai: {kind: openai, base_url: 'https://u:s3cret@h'}",
    ],
)  # fmt: skip
def test_a_credential_out_of_place_in_a_provider_is_not_shown(provider: str) -> None:
    told(f"version: 1\nproviders:\n  {provider}\nroutes: []\n")


def told(table: str) -> None:
    """Holds every form of the complaints to it that nothing of a secret is shown."""
    found = checked(table).complaints
    assert found
    for text in (render_text(found, {"routes.yaml": table}), render_json(found), render_github(found)):
        assert "s3c" not in text
