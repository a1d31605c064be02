"""Editions that a user writes: what they change, and every mistake named by file, line, column, with a suggestion."""

import shutil
import zipfile

import pytest

from simulator.contract import contract_of, load_edition
from simulator.contract.new_edition import start_edition
from simulator.core.errors import DataFaults

PSN_NO = {
    "infno": "5301",
    "direction": "in",
    "node": "data",
    "node_kind": "object",
    "field": "psn_no",
    "name_zh": "人员编号",
    "type": "C",
    "max_len": "30",
    "required": "Y",
}
NEW_FIELD = PSN_NO | {"change": "add", "field": "card_no", "name_zh": "社保卡号", "required": "N", "max_len": "32"}


def faults_of(folder, overlays=()):
    with pytest.raises(DataFaults) as caught:
        load_edition(folder, overlays)
    return caught.value.faults


def only_fault(folder):
    (fault,) = faults_of(folder)
    return fault


def test_a_folder_of_changed_rows_is_an_edition(an_edition):
    folder = an_edition(
        fields=[NEW_FIELD, PSN_NO | {"change": "change", "max_len": "20", "source": "x"}],
        codes=[{"change": "add", "table": "med_type", "code": "9999", "name_zh": "本地"}],
        meanings=[{"change": "change", "table": "med_type", "meaning": "emergency", "code": "9999"}],
    )
    edition = load_edition(folder)
    rows = {row.field: row for row in edition.rows_of("5301", "in")}
    assert list(rows) == ["psn_no", "card_no"]
    assert rows["psn_no"].max_len == "20"
    assert edition.code("med_type", "emergency") == "9999"
    assert edition.lineage == ("national", "mine")
    contract = contract_of(folder)
    long_number = {"data": {"psn_no": "x" * 21, "card_no": "1"}}
    assert [fault.rule for fault in contract.check("5301", "in", long_number, remote=False)] == ["too_long"]


def test_an_edition_may_build_on_one_of_your_own_and_take_overlays(an_edition):
    an_edition("first", fields=[NEW_FIELD])
    second = an_edition("second", "../first", transactions=[{"change": "remove", "infno": "2691"}])
    edition = load_edition(second, ["agency"])
    assert edition.lineage == ("national", "first", "second", "agency")
    assert "2691" not in edition.transactions
    assert [row.field for row in edition.rows_of("5301", "in")] == ["psn_no", "card_no"]


def test_a_started_edition_changes_nothing_yet(tmp_path):
    start_edition(tmp_path / "七台河 QTH", "jiangxi-1.0", "qth")
    edition = load_edition(tmp_path / "七台河 QTH")
    assert (edition.name, edition.lineage) == ("qth", ("national", "jiangxi-1.0", "qth"))
    assert edition.digest == contract_of("jiangxi-1.0").edition.digest


def test_starting_never_overwrites(tmp_path):
    (tmp_path / "x").write_text("kept")
    with pytest.raises(DataFaults):
        start_edition(tmp_path, "national")
    with pytest.raises(DataFaults, match="agency"):
        start_edition(tmp_path / "y", "agency")


@pytest.mark.parametrize(
    ("table", "row", "column", "words"),
    [
        ("fields", PSN_NO | {"change": "add"}, "5301 in data psn_no", "change"),
        ("fields", PSN_NO | {"change": "change"}, "5301 in data psn_no", "一样"),
        ("fields", PSN_NO | {"change": "change", "field": "psn_n0"}, "5301 in data psn_n0", "psn_no"),
        ("fields", PSN_NO | {"change": "remove", "node": "dato"}, "5301 in dato psn_no", "data"),
        ("fields", NEW_FIELD | {"infno": "5391X"}, "infno", "5391"),
        ("fields", NEW_FIELD | {"infno": "6201"}, "infno", "listed"),
        ("fields", NEW_FIELD | {"type": "CC"}, "type", "C"),
        ("fields", NEW_FIELD | {"required": "YES"}, "required", "Y, N, C"),
        ("fields", NEW_FIELD | {"required": ""}, "required", "Y、N 或 C"),
        ("fields", NEW_FIELD | {"required": "C"}, "condition", "条件"),
        ("fields", NEW_FIELD | {"required": "C", "condition": "remotely"}, "condition", "remote"),
        ("fields", NEW_FIELD | {"required": "C", "condition": "psn_nr=03"}, "condition", "psn_no"),
        ("fields", NEW_FIELD | {"condition": "remote"}, "condition", "N"),
        ("fields", NEW_FIELD | {"max_len": "thirty"}, "max_len", "30"),
        ("fields", NEW_FIELD | {"max_len": "16,2"}, "max_len", "类型"),
        ("fields", NEW_FIELD | {"max_len": "4月1日"}, "max_len", "电子表格"),
        ("fields", NEW_FIELD | {"max_len": "1.6E+02"}, "max_len", "电子表格"),
        ("fields", NEW_FIELD | {"name_zh": "社保卡号 "}, "name_zh", "空白"),
        ("fields", NEW_FIELD | {"code_table": "psn_typ"}, "code_table", "psn_type"),
        ("fields", NEW_FIELD | {"node_kind": "list"}, "node_kind", "object"),
        ("fields", NEW_FIELD | {"change": "insert"}, "change", "add"),
        ("fields", NEW_FIELD | {"change": "set"}, "change", "add"),
        ("fields", NEW_FIELD | {"field": "card no"}, "field", "card no"),
        ("fields", NEW_FIELD | {"node": "da ta"}, "node", "da ta"),
        ("fields", NEW_FIELD | {"form": "digits"}, "form", "digits15"),
        (
            "codes",
            {"change": "change", "table": "psn_cert_type", "code": "1", "name_zh": "x"},
            "psn_cert_type 1",
            "前导零",
        ),
        ("codes", {"change": "add", "table": "psn_cert_type", "code": "1", "name_zh": "x"}, "code", "前导零"),
        ("codes", {"change": "add", "table": "psn_certype", "code": "1", "name_zh": "x"}, "table", "psn_cert_type"),
        ("meanings", {"change": "change", "table": "psn_cert_type", "meaning": "other", "code": "1"}, "code", "前导零"),
        ("meanings", {"change": "change", "table": "psn_type", "meaning": "retired", "code": "77"}, "code", "77"),
        ("code_tables", {"change": "add", "table": "mine", "title_zh": "我", "printed": "Y"}, "printed", "一个代码"),
        ("transactions", {"change": "add", "infno": "7777", "name_zh": "x", "state": "tables"}, "state", "listed"),
    ],
)
def test_a_mistake_is_named_by_file_line_and_column_with_what_would_do(an_edition, table, row, column, words):
    fault = only_fault(an_edition(**{table: [row]}))
    assert fault.file.endswith(f"mine/{table}.csv")
    assert fault.line == 2
    assert fault.path == column
    assert words in fault.sentence.zh


def test_every_mistake_is_told_and_not_the_first_alone(an_edition):
    folder = an_edition(fields=[NEW_FIELD | {"code_table": "x"}, NEW_FIELD | {"field": "b", "infno": "5302Z"}])
    assert [fault.line for fault in faults_of(folder)] == [2, 3]


def test_a_row_that_stands_twice_is_named_with_the_first(an_edition):
    fault = only_fault(an_edition(fields=[NEW_FIELD, NEW_FIELD]))
    assert fault.line == 3
    assert "第 2 行" in fault.sentence.zh


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text: b"\xef\xbb\xbf" + text.encode(), "BOM"),
        (lambda text: text.encode("gbk"), "GBK"),
        (lambda text: text.replace(",", ";").encode(), "逗号"),
        (lambda text: text.replace(",", "\t").encode(), "逗号"),
        (lambda text: text.replace("infno,direction", "direction,infno").encode(), "表头"),
        (lambda text: text.encode() + b'"open', "CSV"),
    ],
)
def test_what_a_spreadsheet_does_to_a_table_is_said(an_edition, spoil, words):
    folder = an_edition(fields=[NEW_FIELD])
    file = folder / "fields.csv"
    file.write_bytes(spoil(file.read_text(encoding="utf-8")))
    assert any(words in fault.sentence.zh for fault in faults_of(folder))


def test_two_editions_that_build_on_each_other_are_refused_with_their_circle(an_edition):
    an_edition("one", "../two")
    two = an_edition("two", "../one")
    fault = only_fault(two)
    assert fault.file.endswith("one/edition.yaml")
    assert "two → one → two" in fault.sentence.zh


def test_an_edition_that_builds_on_itself_is_refused(an_edition):
    assert "→" in only_fault(an_edition("own", "../own")).sentence.zh


def test_a_zip_a_file_and_a_wrong_name_are_told_apart(tmp_path, an_edition):
    packed = tmp_path / "edition.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("edition.yaml", "name: x")
    assert "解压" in only_fault(packed).sentence.zh
    assert "文件夹" in only_fault(an_edition() / "edition.yaml").sentence.zh
    assert "hunan-1.3" in only_fault("hunan-1.2").sentence.zh
    assert "contract new" in only_fault(tmp_path).sentence.zh
    assert "jiangxi-1.0" in only_fault(an_edition("b", "jiangxi")).sentence.zh


def test_an_overlay_is_not_an_edition_and_an_edition_is_no_overlay():
    assert "叠加层" in only_fault("agency").sentence.zh
    (fault,) = faults_of("national", ["hunan-1.3"])
    assert "叠加层" in fault.sentence.zh


def test_a_file_of_another_name_is_told_the_nearest(an_edition):
    folder = an_edition(fields=[NEW_FIELD])
    shutil.copy(folder / "fields.csv", folder / "field.csv")
    fault = only_fault(folder)
    assert fault.file.endswith("field.csv")
    assert "fields.csv" in fault.sentence.zh


def test_a_whole_edition_needs_its_tables(an_edition):
    told = [fault.sentence.zh for fault in faults_of(an_edition("alone", builds_on=""))]
    assert len(told) == 2
    assert "transactions.csv" in told[0]
    assert "fields.csv" in told[1]


def test_a_misspelt_key_of_edition_yaml_is_told_with_its_line(an_edition):
    folder = an_edition()
    with (folder / "edition.yaml").open("a") as file:
        file.write("buildson: national\n")
    fault = only_fault(folder)
    assert fault.line == 5
    assert "builds_on" in fault.sentence.zh


def test_a_node_row_changes_a_node_from_one_row_to_many(an_edition):
    node = {"change": "add", "infno": "5301", "direction": "in", "node": "data", "node_kind": "list", "name_zh": "x"}
    edition = load_edition(an_edition(fields=[node]))
    assert {row.node_kind for row in edition.rows_of("5301", "in")} == {"list"}
    conditional = node | {"required": "C", "condition": "remote"}
    assert only_fault(an_edition("other", fields=[conditional])).path == "required"
