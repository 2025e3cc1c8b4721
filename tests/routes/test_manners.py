from __future__ import annotations

import pytest

from engine.routes.compile import check
from engine.runtime.table import parts

TABLE = """
version: 1
server: {errors: {say: {%s: "x"}}}
routes:
  - {match: "GET /", pipeline: [{respond: {body: OK}}], errors: {status: {%s: 500}, styles: {not_found: plain}}}
"""


def codes(server: str, route: str) -> list[tuple[str, str]]:
    checked = check(TABLE % (server, route), "routes.yaml", {}, lambda path: path, parts())
    return [(complaint.code, complaint.says) for complaint in checked.complaints]


@pytest.mark.parametrize("name", ["not_found", "upstream", "client", "gateway"])
def test_codes_and_whose_fault_it_is(name: str) -> None:
    assert codes(name, name) == []


def test_an_error_that_does_not_exist() -> None:
    assert codes("not_fuond", "upstream") == [("R023", "there is no error `not_fuond`")]
    assert [code for code, _ in codes("x" * 90, "y")] == ["R023", "R023"]


def test_what_is_no_mapping_is_another_complaint() -> None:
    text = TABLE.replace('{say: {%s: "x"}}', "plain").replace("{status: {%s: 500}, styles: {not_found: plain}}", "{say: 3}")
    told = check(text, "routes.yaml", {}, lambda path: path, parts()).complaints
    assert {complaint.code for complaint in told} == {"R022"}
