"""A second opinion on messages, for tests of the contract check: read from the rows of an edition, message by message.

It shares the tables with the product and nothing else: no schema, no validator, no arithmetic. What it says of a
message is a sorted list of (rule, JSON pointer).
"""

import calendar
import re
from collections import defaultdict
from decimal import Decimal

from simulator.contract.editions import load_edition

EMPTY_NODES = ("(input)", "(output)", "(root)")
WHEN = {"D": r"(\d{4})-(\d\d)-(\d\d)", "DT": r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)"}
COMPACT = r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)"
FORMED = {
    "time14": COMPACT,
    "time17": COMPACT + r"\d{3}",
    "msgid": r"[0-9A-Za-z]{12}" + COMPACT + r"\d{4}",
    "refmsgid": r"\d{6}" + COMPACT + r"\d{10}",
}


def is_when(pattern, value):
    """Whether a text is a real day, and time of day where the pattern has one, of the years 1000 to 2999."""
    found = re.fullmatch(pattern, value, re.ASCII)
    if not found:
        return False
    year, month, day, *clock = map(int, found.groups())
    if not (1000 <= year <= 2999 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return False
    return not clock or (clock[0] <= 23 and clock[1] <= 59 and clock[2] <= 59)


def is_number(value):
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


class Rows:
    """One edition's rows, by transaction and direction."""

    def __init__(self, name, overlays=()):
        self.edition = load_edition(name, overlays)
        self.rows = defaultdict(list)
        for row in self.edition.fields:
            if row.node != "(file)":
                self.rows[row.infno, row.direction].append(row)
        self.trees = {key: self._tree(key) for key in self.rows}

    def _tree(self, key):
        nodes = {"": {"rows": {}, "children": {}, "list": False}}
        for row in self.rows[key]:
            at = "" if row.node in EMPTY_NODES else row.node
            for depth in range(1, at.count(".") + 2 if at else 1):
                part = ".".join(at.split(".")[:depth])
                if part not in nodes:
                    rule = self.edition.nodes.get((*key, part))
                    nodes[part] = {"rows": {}, "children": {}, "list": bool(rule and rule.node_kind == "list")}
                    above, _, name = part.rpartition(".")
                    nodes[above]["children"][name] = part
            nodes[at]["rows"][row.field] = row
            nodes[at]["list"] = row.node_kind == "list"
        return nodes

    def serves(self, infno):
        known = self.edition.transactions.get(infno)
        return known is not None and known.state == "tables"

    def leaf(self, row, value):
        """The rule that a value breaks which must not be empty, or None."""
        if value == "" and isinstance(value, str):
            return "empty"
        if row.code_table == "infcode":
            if not (is_number(value) or isinstance(value, str)):
                return "type"
            return None if str(value) in self.edition.codes["infcode"] else "code"
        if row.form == "digits15":
            return self._digits(value)
        if row.type in ("N", "Int"):
            return self._number(row, value)
        if row.type in ("list", "object", "bytes"):
            kinds = {"list": list, "object": (dict, list), "bytes": (str, list)}[row.type]
            return None if isinstance(value, kinds) else "type"
        if row.type in ("C", "D", "DT") and not isinstance(value, str):
            return "type"
        return self._text(row, value) if isinstance(value, str) else None

    def _text(self, row, value):
        table = self.edition.tables.get(row.code_table)
        if table is not None and table.printed and row.code_table in self.edition.codes:
            return None if value in self.edition.codes[row.code_table] else "code"
        if row.code_table == "admdvs":
            return None if re.fullmatch("[0-9]{6}", value) else "code"
        if row.type in WHEN:
            return None if is_when(WHEN[row.type], value) else "date"
        if row.form in FORMED:
            if is_when(FORMED[row.form], value) if "msgid" not in row.form else self._msgid(row, value):
                return None
            if row.form.startswith("time"):
                return "date"
            return "msgid" if len(value) <= int(row.max_len) else "too_long"
        return "too_long" if row.max_len and len(value) > int(row.max_len) else None

    def _msgid(self, row, value):
        return is_when(FORMED[row.form], value)

    def _digits(self, value):
        if not (is_number(value) or isinstance(value, str)):
            return "type"
        written = value if isinstance(value, str) else str(value)
        return None if re.fullmatch(r"[0-9]{1,15}", written) and int(written) else "digits"

    def _number(self, row, value):
        if not is_number(value):
            return "type"
        number = Decimal(str(value)).normalize()
        whole, scale = row.digits if row.type == "N" else (row.digits[0], 0)
        if scale is not None and -int(number.as_tuple().exponent) > scale:
            return "decimals"
        return "range" if whole is not None and abs(number) >= 10**whole else None

    def body(self, infno, direction, value, *, remote, insured):
        """Every breach by the value of `input` or `output`."""
        tree = self.trees.get((infno, direction), {"": {"rows": {}, "children": {}, "list": False}})
        place = "/input" if direction == "in" else "/output"
        if not any(node["rows"] for node in tree.values()):
            return [] if value in ({}, None, "") else self._of_nothing(value, place)
        look = _Look(self, tree, direction, remote, insured)
        root = tree[""]
        found = look.node("", value, place)
        if direction == "in" and value == [] and root["list"]:
            found.append(("node_missing", place))
        return found

    def _of_nothing(self, value, place):
        if not isinstance(value, dict):
            return [("node_kind", place)]
        return [(_unknown(inner), f"{place}/{name}") for name, inner in value.items()]

    def head(self, envelope, direction):
        """Every breach by the header fields, what they say of each other included."""
        inner = "input" if direction == "in" else "output"
        plain = {name: value for name, value in envelope.items() if name != inner}
        if inner in envelope:
            plain[inner] = {} if isinstance(envelope[inner], (dict, list)) else envelope[inner]
        look = _Look(self, self.trees["ENVELOPE", direction], direction, False, False)
        found = look.node("", plain, "")
        if direction == "in" and not envelope.get("insuplc_admdvs") and _names_person(envelope.get("input")):
            rule = "empty" if "insuplc_admdvs" in envelope else "required"
            if envelope.get("insuplc_admdvs", "") in ("", None) and (rule, "/insuplc_admdvs") not in found:
                row = self.trees["ENVELOPE", "in"][""]["rows"].get("insuplc_admdvs")
                known = [path for _, path in found]
                if row is not None and row.condition == "input_psn_no" and "/insuplc_admdvs" not in known:
                    found.append((rule, "/insuplc_admdvs"))
        return found


class _Look:
    """One walk through one body."""

    def __init__(self, rows, tree, direction, remote, insured):
        self.rows, self.tree, self.direction = rows, tree, direction
        self.met = {"remote": remote, "insured": insured}

    def node(self, at, value, path):
        node = self.tree[at]
        if not node["list"]:
            return self.object(at, value, path) if isinstance(value, dict) else [("node_kind", path)]
        if not isinstance(value, list):
            return [("node_kind", path)]
        found = []
        for index, item in enumerate(value):
            inner = f"{path}/{index}"
            found += self.object(at, item, inner) if isinstance(item, dict) else [("node_kind", inner)]
        return found

    def object(self, at, value, path):
        node = self.tree[at]
        found = []
        for name, inner in value.items():
            if name not in node["rows"] and name not in node["children"]:
                found.append((_unknown(inner), f"{path}/{name}"))
        for name, child in node["children"].items():
            if name in value:
                found += self.node(child, value[name], f"{path}/{name}")
                if value[name] == [] and self.sole(at, name) and self.needs(at, name, child):
                    found.append(("node_missing", f"{path}/{name}"))
            elif self.needs(at, name, child):
                gone = "list_missing" if self.tree[child]["list"] and self.direction == "out" else "node_missing"
                found.append((gone, f"{path}/{name}"))
        for name, row in node["rows"].items():
            if name in node["children"]:
                continue
            required = row.required == "Y" or self.met.get(row.condition, False) or self.beside(row, value)
            if name not in value:
                found += [("required", f"{path}/{name}")] if required else []
                continue
            rule = self.optional(row, value[name]) if not required else self.rows.leaf(row, value[name])
            found += [(rule, f"{path}/{name}")] if rule else []
        return found

    def optional(self, row, value):
        if value == "" and isinstance(value, str) and row.code_table != "infcode":
            return None
        if row.type == "object" and value is None:
            return None
        return self.rows.leaf(row, value)

    def beside(self, row, value):
        """Whether a field beside it makes it required: `other=code`, `unless other`."""
        other, _, code = row.condition.partition("=")
        if code:
            return value.get(other) == code and isinstance(value.get(other), str)
        if row.condition.startswith("unless "):
            return value.get(row.condition.removeprefix("unless "), "") == ""
        return False

    def sole(self, at, name):
        root = self.tree[""]
        only = not root["rows"] and list(root["children"]) == [name]
        return at == "" and self.direction == "in" and only and self.tree[root["children"][name]]["list"]

    def needs(self, at, name, child):
        """A node is required when its own row says so, or else when a field of it is."""
        key = next(((row.infno, row.direction) for row in self._all()), None)
        rule = self.rows.edition.nodes.get((*key, child)) or self.tree[at]["rows"].get(name)
        if rule is not None and rule.required:
            return rule.required == "Y"
        node = self.tree[child]
        if any(row.required == "Y" or self.met.get(row.condition, False) for row in node["rows"].values()):
            return True
        return any(self.needs(child, inner, deeper) for inner, deeper in node["children"].items())

    def _all(self):
        return (row for node in self.tree.values() for row in node["rows"].values())


def _unknown(value):
    return "unknown_node" if isinstance(value, (dict, list)) else "unknown_field"


def _names_person(body):
    if isinstance(body, list):
        return any(map(_names_person, body))
    return isinstance(body, dict) and (bool(body.get("psn_no")) or any(map(_names_person, body.values())))
