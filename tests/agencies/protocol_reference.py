"""Writes docs/agency-protocol-reference.md: every field, every code, and whole messages as the product makes them.

`make docs` writes the page; tests/test_generated_docs.py makes it anew and compares. The people in it are made from the
seed of the sandbox, the times are fixed, so nothing differs from run to run.
"""

import json
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from simulator.agencies.reference.agency import ReferenceAgency, create_app, load_people, open_agency
from simulator.benefit import PolicyBook
from simulator.contract import contract_of
from simulator.contract.edition_rows import FieldRow
from simulator.core.settings import Settings
from simulator.server.app import create_app as create_platform_app
from tests.agencies.bodies import entitlement_question, referral, registration
from tests.agencies.conftest import ANY_PRICE, plain, quiet_server
from tests.support.hospital import Control, Hospital, Visit

PAGE = Path(__file__).parents[2] / "docs" / "agency-protocol-reference.md"
MOMENT = 1_741_568_400.0
"""2025-03-10 09:00:00 Beijing time: the real clock of the run, which names it in every msgid."""
TWINS = {"2207": "2207A", "2206A": "2207A", "2206": "2207A", "2501A": "2501"}
"""Transactions whose fields are told as differences from another's."""
ORDER = (
    *("1101", "2001", "5301", "5206", "2207A", "2206A", "2207", "2206", "2208", "2601"),
    *("2503", "2504", "2501", "2501A", "2502", "SIM-FILING", "SIM-DAY"),
)
MAGNETIC_RESONANCE = "002102000010000-210200007"
"""In 北京: ceiling 400.00, 8 % paid beforehand."""
CONTRACT = contract_of("national", overlays=("agency",))

HEAD = """# 经办机构协议：字段、代码与完整报文 / Agency protocol: fields, codes, whole messages

本页由程序生成（`make docs`），测试保证它与产品一致；规则见
[agency-protocol.zh-CN.md](agency-protocol.zh-CN.md)。
This page is generated, and a test holds it to the product; the rules are in [agency-protocol.md](agency-protocol.md).

字段取自国家版（`national`），身份类字段按异地口径；其他版本的差别由平台代为转换。“必填”：Y 必填，N 可无，C 视条件。
Fields are those of the edition `national`, identity fields in the remote variant; the platform translates other
editions. Required: Y yes, N no, C depending. Types: C 字符 text, N 数值 number (16,2 = 16 digits, 2 of them decimals),
D 日期 date, DT 日期时间 date and time. A condition `remote` holds between two different places.

报文里的人都是按种子造出来的，区县代码并不存在，不是任何真实的人。
Nobody in these messages is real: they are made from a seed, with county codes that are not assigned.
"""


@dataclass(frozen=True)
class Example:
    """One message to the agency and its answer, as they went over the line."""

    title: str
    infno: str
    request: dict[str, Any]
    answer: dict[str, Any]


def page() -> str:
    """The whole page."""
    parts = [HEAD, "## 一、字段 / Fields\n", *_fields(), "## 二、代码表 / Code tables\n", *_codes()]
    people, messages = examples()
    parts += ["## 三、完整报文 / Whole messages\n", *(_shown(each) for each in messages)]
    parts += ["## 四、人员文件 / File of people\n", f"```json\n{_written(people)}\n```\n"]
    return "\n".join(parts)


# --- fields and codes -----------------------------------------------------------------------------------------------


def _fields() -> Iterator[str]:
    for infno in ORDER:
        known = CONTRACT.edition.transactions[infno]
        yield f"### {infno} {known.name_zh} / {known.name_en}\n"
        for direction, title in (("in", "请求 input"), ("out", "应答 output")):
            if infno in TWINS:
                yield _difference(infno, TWINS[infno], direction, title)
            else:
                yield _table(infno, direction, title)


def _table(infno: str, direction: str, title: str) -> str:
    rows = CONTRACT.edition.rows_of(infno, direction)
    if not rows:
        return f"**{title}**：无 / none (`{{}}`)\n"
    lines = [f"**{title}**\n", "| 节点 node | 字段 field | 名称 name | 类型 type | 必填 | 代码表 codes | 说明 note |"]
    lines.append("|---|---|---|---|---|---|---|")
    for row in rows:
        cells = (_node(row), f"`{row.field}`", row.name_zh, _type(row), _required(row), row.code_table, row.note)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _difference(infno: str, twin: str, direction: str, title: str) -> str:
    mine, other = (
        {(row.node, row.field): row for row in CONTRACT.edition.rows_of(number, direction)} for number in (infno, twin)
    )
    less = [f"`{field}`" for node, field in other if (node, field) not in mine]
    more = [f"`{field}` {mine[node, field].name_zh}" for node, field in mine if (node, field) not in other]
    changed = [
        f"`{field}` {_required(row)}"
        for (node, field), row in mine.items()
        if (node, field) in other and _required(row) != _required(other[node, field])
    ]
    told = [f"同 {twin} / as {twin}"]
    told += [f"没有 / without {', '.join(less)}"] if less else []
    told += [f"另有 / and {', '.join(more)}"] if more else []
    told += [f"必填不同 / required otherwise: {', '.join(changed)}"] if changed else []
    return f"**{title}**：{'；'.join(told)}\n"


def _node(row: FieldRow) -> str:
    return f"{row.node}{'[]' if row.node_kind == 'list' else ''}"


def _type(row: FieldRow) -> str:
    return f"{row.type} {row.max_len}".strip()


def _required(row: FieldRow) -> str:
    return f"C {row.condition}" if row.required == "C" else row.required


def _codes() -> Iterator[str]:
    used = {row.code_table for infno in ORDER for way in ("in", "out") for row in CONTRACT.edition.rows_of(infno, way)}
    for table in sorted(used - {""}):
        about = CONTRACT.edition.tables.get(table)
        codes = CONTRACT.edition.codes.get(table, {})
        if not codes:
            title = "六位医保区划 / six digits of area" if table == "admdvs" else "两版都未印 / printed nowhere"
            yield f"- `{table}`：{title}"
            continue
        listed = "，".join(f"{code} {name}" for code, name in codes.items())
        yield f"- `{table}` {about.title_zh if about else ''}：{listed}"
    yield ""


# --- messages -------------------------------------------------------------------------------------------------------


def examples() -> tuple[dict[str, Any], list[Example]]:
    """The export that an agency loads, and the messages about it: a patient of 七台河 treated in 北京, for a day."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_platform_app(Settings(store=f"{folder}/platform", outbox_every_s=0), clock=lambda: MOMENT)
        control, hospital = Control(app.test_client()), Hospital(app.test_client())
        control.now("2025-03-10T09:00:00+08:00")
        person = control.person(
            account_balance="1200.00",
            registrations=[{"disease": "M07800", "from": "2025-01-01"}],
            filings=[{"place": "110000", "group": "resettled_retiree", "from": "2025-01-01", "channel": "app"}],
        )
        agency = open_agency(
            Path(folder) / "agency", "230900", policies=PolicyBook.shipped(), edition="national", own_clock=False
        )
        exported = {"version": "1", "area": "230900", "people": plain([person])}
        load_people(agency, json.dumps(exported).encode(), "people.json")
        server = quiet_server(create_app(agency))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            control("PUT", "agencies/230900", {"url": f"http://127.0.0.1:{server.server_address[1]}/"})
            _walk(control, hospital, person)
            legs = control("GET", "messages?leg=agency&raw=1&limit=200")["messages"]
            answered = [leg for leg in legs if leg["answer"]]
            found = _chosen([(_read(leg["request"]), _read(leg["answer"])) for leg in answered])
            found += _of_desk(agency, found)
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
            agency.store.close()
            app.extensions["platform"].close()
    return exported, _numbered(found)


def _walk(control: Control, hospital: Hospital, person: dict[str, Any]) -> None:
    psn_no = person["psn_no"]
    hospital.identify(person)
    hospital.send("2001", {"data": entitlement_question(person)})
    hospital.send("5301", {"data": {"psn_no": psn_no}})
    visit = _charged(hospital, person)
    visit.preview("1433.33", acct_used_flag="1")
    settled = visit.settle("1433.33", acct_used_flag="1").setlinfo
    hospital.send("5206", {"data": {"psn_no": psn_no, "cum_ym": "202503"}})
    visit.cancel(settled["setl_id"])
    control("POST", "faults", {"at": "agency", "what": "drop_after_commit", "infno": "2207A"})
    visit.settle("1433.33", acct_used_flag="1")
    control("POST", "outbox/run", {})
    visit.settle("1433.33", acct_used_flag="1")
    _charged(hospital, person, disease="M08300").settle("1433.33")
    number = hospital.send("2503", {"data": registration(person, "M08300")}).output["result"]["trt_dcla_detl_sn"]
    received_reply = {"trt_dcla_detl_sn": number, "psn_no": psn_no, "memo": "测试"}
    hospital.send("2504", {"data": received_reply})
    number = hospital.send("2501", {"refmedin": referral(person)}).output["result"]["trt_dcla_detl_sn"]
    hospital.send("2502", {"data": received_reply | {"trt_dcla_detl_sn": number}})
    filing = {"place": "310000", "group": "long_term_resident", "from": "2025-03-10", "channel": "app"}
    control("POST", f"people/{psn_no}/filings", filing)
    control("POST", "agencies/230900/day", {"day": "2025-03-10"})


def _charged(hospital: Hospital, person: dict[str, Any], **options: Any) -> Visit:
    """One charge wholly in scope, and one above its ceiling of which a part is paid beforehand."""
    visit = hospital.visit(person, **options)
    lines = (visit.line(1, ANY_PRICE, "1", "1000.00"), visit.line(2, MAGNETIC_RESONANCE, "1", "433.33"))
    assert visit.charge(*lines).ok
    return visit


TITLES = {
    "1101": "是谁 / who it is",
    "2001": "有没有待遇 / entitled or not",
    "5301": "慢特病备案 / registrations",
    "2206A": "预结算 / pre-settlement",
    "2207A": "结算 / settlement",
    "5206": "累计 / what has accrued",
    "2208": "撤销，金额取负 / cancellation, amounts negated",
    "2601": "冲正应答丢失的 2207A / reversal of a 2207A whose answer was lost",
    "2503": "慢特病备案 / registration of a disease",
    "2504": "撤销备案 / ended",
    "2501": "转诊备案 / referral",
    "2502": "撤销转诊 / withdrawn",
    "SIM-FILING": "备案送达 / a filing made on the platform",
    "SIM-DAY": "日对账，没有差异 / a day without differences",
}


def _chosen(legs: list[tuple[dict[str, Any], dict[str, Any]]]) -> list[Example]:
    """The first of each transaction, and a settlement that is refused."""
    found = []
    for infno, title in TITLES.items():
        request, answer = next(leg for leg in legs if leg[0]["infno"] == infno)
        found.append(Example(title, infno, request, answer))
    refused = next(leg for leg in legs if leg[0]["infno"] == "2207A" and leg[1].get("infcode") == "-1")
    found.append(Example("拒绝：病种未备案 / refused: not registered", "2207A", *refused))
    return found


def _of_desk(agency: ReferenceAgency, found: list[Example]) -> list[Example]:
    """What only a platform in trouble sends: a day with differences, an unseen reversed, its late original."""
    day = next(each for each in found if each.infno == "SIM-DAY").request
    row = day["input"]["rows"][0]
    rows = [{**row, "fund_pay_sumamt": Decimal("700.00")}, {**row, "setl_id": "A230900000000000099"}]
    different = {**day, "msgid": _next(day, 1), "input": {**day["input"], "rows": rows}}
    reversal = next(each for each in found if each.infno == "2601").request
    original = next(each for each in found if each.infno == "2207A").request
    unseen = {**original, "msgid": _next(original, 5000)}
    data = {**reversal["input"]["data"], "omsgid": unseen["msgid"]}
    before = {**reversal, "msgid": _next(reversal, 5001), "input": {"data": data}}
    return [
        Example("日对账，有差异 / a day with differences", "SIM-DAY", different, _delivered(agency, different)),
        Example("冲正没有收到过的报文 / reversal of what was never seen", "2601", before, _delivered(agency, before)),
        Example("其后原报文才到 / then the original arrives", "2207A", unseen, _delivered(agency, unseen)),
    ]


def _next(message: dict[str, Any], by: int) -> str:
    return f"{message['msgid'][:-4]}{int(message['msgid'][-4:]) + by:04d}"


def _delivered(agency: ReferenceAgency, message: dict[str, Any]) -> dict[str, Any]:
    return _read(agency.endpoint.deliver(_written(message).encode()).decode())


def _numbered(found: list[Example]) -> list[Example]:
    """inf_refmsgid ends in ten digits of chance; here they are counted."""
    return [
        Example(each.title, each.infno, each.request, _with_number(each.answer, index))
        for index, each in enumerate(found, 1)
    ]


def _with_number(answer: dict[str, Any], index: int) -> dict[str, Any]:
    return {**answer, "inf_refmsgid": f"{answer['inf_refmsgid'][:20]}{index:010d}"}


def _read(written: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(written, parse_float=Decimal)
    return value


def _shown(example: Example) -> str:
    request, answer = _written(example.request), _written(example.answer)
    return f"### {example.infno} {example.title}\n\n```json\n{request}\n```\n\n```json\n{answer}\n```\n"


def _written(value: Any, indent: str = "") -> str:
    """JSON for reading: numbers as they were sent, and what fits into one line in one line."""
    flat = _flat(value)
    if not isinstance(value, dict | list) or (len(indent) + len(flat) <= 100 and not _holds_nodes(value)):
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        items = [f"{inner}{json.dumps(key)}: {_written(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _written(item, inner) for item in value) + f"\n{indent}]"


def _holds_nodes(value: Any) -> bool:
    items = value.values() if isinstance(value, dict) else value
    return any(isinstance(item, dict | list) and item for item in items)


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_flat(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flat(item) for item in value) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
