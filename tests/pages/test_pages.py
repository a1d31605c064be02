"""Every page of every edition opens, reads well for a machine, and leads somewhere."""

import re
from importlib import resources
from itertools import permutations

import pytest

from simulator.contract import contract_of, shipped_names
from simulator.contract.edition_rows import ENVELOPE
from simulator.contract.example_coverage import EDITIONS
from simulator.core.texts import catalogue_keys
from tests.pages.auditing import audit

NAMES = [*EDITIONS, "national+agency"]


def infnos_of(name: str, *, served: bool = False) -> list[str]:
    contract = contract_of(name.partition("+")[0], ("agency",) if "+" in name else ())
    return [infno for infno in contract.edition.transactions if not served or contract.serves(infno)]


def test_the_pages_show_every_shipped_edition():
    assert {*EDITIONS, "agency"} == set(shipped_names())


def test_the_first_page_names_every_edition_and_who_uses_it(reader):
    page = audit(reader.get("/contract/"))
    assert all(name in page.words for name in EDITIONS)
    assert "沙箱 default" in page.words


def test_the_bare_address_of_the_platform_leads_to_the_first_page(reader):
    assert reader.get("/").headers["Location"] == "/contract/"


@pytest.mark.parametrize("name", NAMES)
def test_an_edition_lists_every_transaction(reader, name):
    page = audit(reader.get(f"/contract/{name}/"))
    linked = {link.removeprefix(f"/contract/{name}/").strip("/") for link in page.links}
    assert set(infnos_of(name)) <= linked


def shown_otherwise(contract, infnos):
    """All of the base; of the others what differs from it, and every fifth of the rest."""
    base = contract_of("national").edition
    if contract.edition.name == "national" and len(contract.edition.lineage) == 1:
        return infnos

    def rows(edition, infno):
        return [edition.rows_of(infno, direction) for direction in ("in", "out")]

    same = [infno for infno in infnos if rows(contract.edition, infno) == rows(base, infno)]
    return [infno for infno in infnos if infno not in same or same.index(infno) % 5 == 0]


@pytest.mark.parametrize("name", NAMES)
def test_every_transaction_has_a_page_with_every_field(reader, name):
    contract = contract_of(name.partition("+")[0], ("agency",) if "+" in name else ())
    for infno in (ENVELOPE, *shown_otherwise(contract, infnos_of(name))):
        page = audit(reader.get(f"/contract/{name}/{infno}/"))
        rows = [row for direction in ("in", "out") for row in contract.edition.rows_of(infno, direction)]
        told = {f"{row.direction}.{row.node}.{row.field}" for row in rows}
        # A field of type list that is a node of its own has the place of the node.
        blocks = {f"{direction}.{node}" for _, direction, node in contract.edition.nodes}
        missing = told - set(page.ids)
        assert {each for each in missing if each.split(".", 1)[0] + "." + each.rsplit(".", 1)[1] not in blocks} == set()


def test_every_transaction_can_be_tried_and_shows_its_near_misses(reader):
    for infno in infnos_of("national", served=True):
        audit(reader.get(f"/contract/national/{infno}/try"))
        audit(reader.get(f"/contract/national/{infno}/try?direction=out&full=1"))
        audit(reader.get(f"/contract/national/{infno}/near-misses?direction=in&kind=missing"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_of_page_speaks_both_languages(reader, name, language):
    ask = {"headers": {"Accept-Language": language}}
    for path in (
        "/",
        "/diff",
        f"/{name}/",
        f"/{name}/?q=psn",
        f"/{name}/?q=zzzz",
        f"/{name}/codes/",
        f"/{name}/codes/med_type",
        f"/{name}/codes/admdvs",
        f"/{name}/2207/",
        f"/{name}/ENVELOPE/",
        f"/{name}/2207/near-misses?direction=in&remote=1",
        f"/{name}/2207/near-misses?direction=out",
        f"/{name}/ENVELOPE/near-misses",
        f"/{name}/2207/try?remote=0&full=1",
        f"/{name}/ENVELOPE/try",
    ):
        page = audit(reader.get(f"/contract{path}", **ask))
        assert page.language == {"zh": "zh-CN", "en": "en"}[language]


@pytest.mark.parametrize(("old", "new"), list(permutations(EDITIONS, 2)))
def test_any_two_editions_can_be_compared(reader, old, new):
    page = audit(reader.get(f"/contract/diff?old={old}&new={new}"))
    assert "不兼容" in page.words


def test_the_comparison_can_be_held_to_one_transaction_and_level(reader):
    every = audit(reader.get("/contract/diff?old=hunan-1.3&new=jiangxi-1.0"))
    one = audit(reader.get("/contract/diff?old=hunan-1.3&new=jiangxi-1.0&infno=2207&level=breaking"))
    assert len(one.words) < len(every.words)
    assert "2207" in one.words
    assert "2304" not in one.words


def test_an_edition_against_itself_has_no_differences(reader):
    assert "没有差异" in audit(reader.get("/contract/diff?old=national&new=national")).words


def test_every_code_table_has_its_page_with_its_codes(reader):
    edition = contract_of("national").edition
    for table, codes in edition.codes.items():
        page = audit(reader.get(f"/contract/national/codes/{table}"))
        assert all(name in page.words for name in (name.strip() for name in codes.values()) if "  " not in name), table


def test_links_of_the_pages_lead_to_pages(reader):
    followed: set[str] = set()
    for start in (
        "/contract/",
        "/contract/national/",
        "/contract/jiangxi-1.0/2207A/",
        "/contract/national/codes/",
        "/contract/national/?q=psn_type",
        "/contract/national/8301/",
        "/contract/hunan-1.3/2207A/",
    ):
        response = reader.get(start)
        found = re.findall(r'href="(/contract/[^"#]*)', response.get_data(as_text=True))
        followed |= {link.replace("&amp;", "&") for link in found if "lang=" not in link}
    broken = [link for link in sorted(followed) if reader.get(link).status_code != 200]
    assert broken == []
    assert len(followed) > 500


def test_a_near_miss_stands_beside_the_sentence_it_is_refused_with(reader):
    page = audit(reader.get("/contract/national/2207A/near-misses?kind=wrong_code"))
    assert "/input/data/med_type 医疗类别" in page.words
    assert "医疗类别 med_type 的代码不在表里" in page.words


def test_identity_fields_are_required_for_remote_care_only(reader):
    local = audit(reader.get("/contract/national/2207A/near-misses?kind=missing"))
    remote = audit(reader.get("/contract/national/2207A/near-misses?kind=missing&remote=1"))
    assert "/input/data/certno" not in local.words
    assert "/input/data/certno" in remote.words
    assert "异地就医必填" in audit(reader.get("/contract/national/2207A/")).words


def test_a_search_finds_transactions_fields_and_codes_by_chinese_name(reader):
    page = audit(reader.get("/contract/national/", query_string={"q": "门诊结算"}))
    assert "/contract/national/2207A/" in page.links
    page = audit(reader.get("/contract/national/", query_string={"q": "人员 编号"}))
    assert any(link.endswith("2207A/#in.data.psn_no") for link in page.links)
    page = audit(reader.get("/contract/national/", query_string={"q": "门诊慢特病"}))
    assert "/contract/national/codes/med_type" in page.links


def test_a_transaction_known_by_name_only_says_so(reader):
    page = audit(reader.get("/contract/national/8301/"))
    assert "只" in page.words
    assert "药品新建采购计划" in page.words
    assert audit(reader.get("/contract/national/8301/try"), 404)


def test_a_number_in_lower_case_leads_to_the_transaction(reader):
    response = reader.get("/contract/national/2207a/")
    assert (response.status_code, response.location) == (302, "/contract/national/2207A/")


def test_what_another_edition_has_is_offered(reader):
    page = audit(reader.get("/contract/hunan-1.3/2207A/"), 404)
    assert "/contract/jiangxi-1.0/2207A/" in page.links


def test_the_language_is_chosen_by_address_then_kept(reader):
    client = reader.application.test_client()
    assert audit(client.get("/contract/")).language == "zh-CN"
    assert audit(client.get("/contract/", headers={"Accept-Language": "fr, en;q=0.5"})).language == "en"
    assert audit(client.get("/contract/?lang=en")).language == "en"
    assert audit(client.get("/contract/", headers={"Accept-Language": "zh"})).language == "en"
    assert audit(client.get("/contract/?lang=zh")).language == "zh-CN"


def test_switching_the_language_keeps_what_was_asked_for(reader):
    page = audit(reader.get("/contract/diff?old=national&new=observed&infno=2207"))
    assert "/contract/diff?old=national&new=observed&infno=2207&lang=en" in page.links


def test_an_edition_given_as_a_folder_is_shown_under_its_name(stages, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "edition.yaml").write_text("name: qitaihe\nbuilds_on: jiangxi-1.0\ntitle: {zh: 七台河自编}\n", "utf-8")
    columns = "change,infno,name_zh,name_en,category,state,confidence,source,note\n"
    (folder / "transactions.csv").write_text(f"{columns}add,9999,自编交易,own,其他/文件,listed,,,\n", "utf-8")
    stage = stages(edition=str(folder))
    client = stage.app.test_client()
    assert "七台河自编" in audit(client.get("/contract/")).words
    assert "自编交易" in audit(client.get("/contract/qitaihe/")).words
    assert audit(client.get("/contract/qitaihe+agency/2207A/"))


def test_every_sentence_of_the_pages_is_used_and_there(reader):
    folder = resources.files("simulator.pages")
    templates = "".join(file.read_text("utf-8") for file in folder.joinpath("templates").iterdir())
    code = "".join(file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".py"))
    known = {key.removeprefix("pages.") for key in catalogue_keys() if key.startswith("pages.")}
    asked = set(re.findall(r't\("([a-z_]+)"', templates)) | set(re.findall(r"t\('([a-z_]+)'", templates))
    asked |= set(re.findall(r'"(?:pages\.)?([a-z_]+)"', code + templates))
    made = ("family_", "type_", "form_", "kind_", "confidence_", "severity_", "mode_")
    unused = {key for key in known - asked if not key.startswith(made)}
    assert unused == set()
