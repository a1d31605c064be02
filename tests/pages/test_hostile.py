"""Whatever stands in an address or a form: a page that says so, nothing executed, nothing opened, never a 500."""

from urllib.parse import quote

import pytest

WORDS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}{% raw %}",
    "..",
    "../../../etc/passwd",
    "%2e%2e%2fetc",
    "/etc",
    "C:\\",
    "\x00",
    "\ud7ff\U0001f600",
    "a" * 5000,
    "+agency",
    "national+agency+agency",
    "national+other",
    "~",
    "None",
    "' OR 1=1 --",
    "-1",
    "१२३",
]


def opened(reader, path: str) -> str:
    response = reader.get(path)
    assert response.status_code < 500, (path, response.status_code)
    page = response.get_data(as_text=True)
    if response.mimetype == "text/html":
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    else:
        # JSON may repeat what was asked for: no browser takes it for a page.
        assert response.mimetype == "application/json"
    assert "root:" not in page
    return page


@pytest.mark.parametrize("word", WORDS)
def test_names_in_the_path_are_looked_up_and_nothing_else(reader, word):
    part = quote(word, safe="")
    for path in (
        f"/contract/{part}/",
        f"/contract/{part}/2207A/",
        f"/contract/national/{part}/",
        f"/contract/national/{part}/try",
        f"/contract/national/{part}/near-misses",
        f"/contract/national/codes/{part}",
        f"/contract/national/2207A/{part}",
        f"/contract/{part}/openapi.json",
        f"/contract/national/{part}/in.schema.json",
        f"/contract/national/2207A/{part}.schema.json",
    ):
        opened(reader, path)


@pytest.mark.parametrize("word", WORDS)
def test_words_of_the_query_are_shown_as_text_or_passed_over(reader, word):
    for path, names in (
        ("/contract/", ["lang"]),
        ("/contract/national/", ["q", "lang"]),
        ("/contract/diff", ["old", "new", "infno", "level"]),
        ("/contract/national/2207A/near-misses", ["direction", "remote", "kind"]),
        ("/contract/national/2207A/try", ["direction", "remote", "full", "miss", "sandbox", "person"]),
        ("/contract/national/2207A/in.schema.json", ["remote", "variant"]),
        ("/contract/national/openapi.json", ["remote", "sandbox"]),
    ):
        for name in names:
            opened(reader, f"{path}?{name}={quote(word, safe='')}")
    page = opened(reader, f"/contract/national/?q={quote(word, safe='')}")
    assert "{{7*7}}" in page or word != "{{7*7}}{% raw %}"


@pytest.mark.parametrize("word", WORDS)
def test_a_form_may_hold_anything(reader, word):
    fields = ("message", "mode", "direction", "remote", "sandbox", "person", "miss", "token", "fresh", "unmasked")
    for name in fields:
        form = {"message": "{}", "mode": "send", "sandbox": "nobody", name: word}
        response = reader.post("/contract/national/2207A/try", data=form)
        assert response.status_code < 500, (name, response.get_data(as_text=True)[:500])
        assert "<script>alert" not in response.get_data(as_text=True)


def test_a_form_that_is_no_form_is_answered(reader):
    for kind in ("application/json", "text/plain", "multipart/form-data", ""):
        response = reader.post("/contract/national/2207A/try", data=b"\xff\xfe{", content_type=kind)
        assert response.status_code in (200, 400), kind


def test_other_methods_are_refused(reader):
    for method in ("POST", "PUT", "DELETE"):
        assert reader.open("/contract/national/", method=method).status_code == 404
