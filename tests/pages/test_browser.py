"""An engineer reads, compares and tries in a real browser; nothing outside is asked for, and nothing is too wide."""

import json

import pytest

pytestmark = pytest.mark.browser

PAGES = (
    "/contract/",
    "/contract/national/",
    "/contract/national/2207A/",
    "/contract/national+agency/2207/",
    "/contract/national/3101/",
    "/contract/national/ENVELOPE/",
    "/contract/national/2207A/near-misses?direction=out",
    "/contract/national/codes/med_type",
    "/contract/diff?old=hunan-1.3&new=jiangxi-1.0",
    "/contract/national/2207A/try",
    "/contract/nowhere/",
)


def sizes(page) -> dict[str, float]:
    """How large the body text is drawn, and how many rules of the style took hold."""
    return page.evaluate(
        "({rules: document.styleSheets[0].cssRules.length,"
        " font: parseFloat(getComputedStyle(document.body).fontSize),"
        " lines: document.querySelector('main').getClientRects()[0].width})"
    )


def follow(page, control) -> None:
    """Clicks what leads to another page and waits for that page, so that nothing is read from the one before."""
    with page.expect_navigation():
        control.click()


def test_a_transaction_is_found_read_and_tried(browse, stage):
    patient = stage.patient()
    browser = browse()
    page = browser.page
    browser.open("/contract/")
    follow(page, page.get_by_role("link", name="national", exact=True))
    page.get_by_role("searchbox").fill("人员信息获取")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    follow(page, page.get_by_role("link", name="1101", exact=True).first)
    assert "人员信息获取" in page.get_by_role("heading", level=1).inner_text()

    codes = page.locator("details.codes").first
    assert not codes.get_by_role("listitem").first.is_visible()
    codes.locator("summary").click()
    assert codes.get_by_role("listitem").first.is_visible()

    follow(page, page.get_by_role("link", name="试一试", exact=True).first)
    page.get_by_label("沙箱").first.select_option(stage.name)
    follow(page, page.get_by_role("button", name="取来"))
    page.get_by_label("人员").select_option(patient["psn_no"])
    follow(page, page.get_by_role("button", name="取来"))
    message = page.get_by_label("报文")
    assert json.loads(message.input_value())["input"]["data"]["certno"] == patient["certno"]

    message.fill(message.input_value().replace('"psn_cert_type": "01"', '"psn_cert_type": "XX"'))
    follow(page, page.get_by_role("button", name="执行"))
    marked = page.locator("ol.message li.error")
    assert marked.count() == 1
    assert "psn_cert_type" in marked.inner_text()
    page.get_by_role("link", name="第 19 行").click()
    assert marked.evaluate("element => element.matches(':target')")

    message = page.get_by_label("报文")
    message.fill(message.input_value().replace('"psn_cert_type": "XX"', '"psn_cert_type": "01"'))
    page.get_by_label("真的发送").check()
    follow(page, page.get_by_role("button", name="执行"))
    answer = json.loads(page.locator("#answer").inner_text())
    assert answer["infcode"] == "0"
    assert answer["output"]["baseinfo"]["psn_no"] == patient["psn_no"]
    assert stage.control("GET", "messages")["messages"][-1]["infno"] == "1101"


def test_two_editions_are_compared_and_the_language_switched(browse):
    browser = browse()
    page = browser.page
    browser.open("/contract/")
    page.get_by_label("旧版").select_option("hunan-1.3")
    page.get_by_label("新版").select_option("observed")
    follow(page, page.get_by_role("button", name="比较"))
    page.get_by_label("只看交易").fill("2207")
    follow(page, page.get_by_role("button", name="比较"))
    assert page.get_by_role("heading", level=1).inner_text().startswith("湖南 V1.3 → 实见")
    follow(page, page.get_by_role("link", name="English"))
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_label("Transaction only").input_value() == "2207"


def test_a_browser_that_prefers_english_is_answered_in_english(browse):
    browser = browse("en-GB")
    browser.open("/contract/national/2207A/")
    assert "outpatient settlement" in browser.page.get_by_role("heading", level=1).inner_text()


def test_every_kind_of_page_fits_an_ordinary_screen(browse):
    browser = browse()
    for path in PAGES:
        browser.open(path)
        assert not browser.too_wide, path
        drawn = sizes(browser.page)
        assert drawn["rules"] > 100, path
        assert drawn["font"] == 14, path
    browser.complaints = [each for each in browser.complaints if "404" not in each]


def test_the_keyboard_alone_reaches_the_text(browse):
    browser = browse()
    browser.open("/contract/national/2207A/")
    browser.page.keyboard.press("Tab")
    focused = browser.page.locator(":focus")
    assert focused.inner_text() == "跳到正文"
    assert focused.bounding_box()["x"] >= 0
    browser.page.keyboard.press("Enter")
    assert browser.page.locator(":focus").get_attribute("id") == "content"


def test_paper_shows_the_folded_codes_and_no_navigation(browse):
    browser = browse()
    browser.open("/contract/national/2207A/")
    browser.page.emulate_media(media="print")
    assert browser.page.locator("details.codes li").first.is_visible()
    assert not browser.page.get_by_role("searchbox").is_visible()
    assert not browser.page.locator("aside").is_visible()


def test_a_page_that_asks_for_something_outside_would_be_caught(browse):
    browser = browse()
    browser.open("/contract/")
    with browser.page.expect_console_message():
        browser.page.evaluate("fetch('http://example.invalid/x').catch(() => 0)")
    # The policy stops it before the network does: a complaint, and nothing asked.
    assert browser.complaints
    assert browser.outside == []
    browser.complaints.clear()
