"""A defect of the product itself is told as a number that its log knows, in JSON, whoever met it."""

import re


def test_a_defect_beside_the_messages_is_told_by_its_number_and_without_a_trace(app, capsys):
    app.add_url_rule("/broken", "broken", lambda: 1 // 0)
    answer = app.test_client().get("/broken")
    reference = re.search(r"（([0-9a-f]{12})）", answer.json["message"])
    assert (answer.status_code, answer.json["code"]) == (500, 500)
    assert "ZeroDivisionError" not in answer.text
    assert reference[1] in (told := capsys.readouterr().out)
    assert "ZeroDivisionError" in told
