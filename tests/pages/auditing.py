"""Reads a page as a strict browser would: tags that nest, ids that are unique, labels, links that lead somewhere."""

from html.parser import HTMLParser
from urllib.parse import unquote

VOID = {"br", "hr", "img", "input", "link", "meta", "wbr"}
MAY_END_OPEN = {"html", "body", "head"}


class Audit(HTMLParser):
    """Collects what is wrong with a page, and where it leads."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.labels: list[str] = []
        self.fields: list[tuple[str, str]] = []
        self.headings: list[int] = []
        self.texts: list[str] = []
        self.language = ""
        self.feed(page)
        self.close()
        self._conclude()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if len(given) != len(attrs):
            self.faults.append(f"<{tag}> repeats an attribute")
        self._note(tag, given)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:] or 'nothing'} at line {self.getpos()[0]}")
            return
        self.open.pop()

    def handle_data(self, data):
        self.texts.append(data)

    def _note(self, tag, given):
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "html":
            self.language = given.get("lang", "")
        if tag in ("script", "style") or "style" in given or any(name.startswith("on") for name in given):
            self.faults.append(f"<{tag}> brings a script or a style of its own")
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag in ("a", "link", "form") and "//" in (given.get("href") or given.get("action") or ""):
            self.faults.append(f"<{tag}> leads elsewhere: {given}")
        if tag == "label" and "for" in given:
            self.labels.append(given["for"])
        if tag in ("input", "select", "textarea") and given.get("type") not in ("hidden", "submit"):
            self.fields.append((given.get("id", ""), "label" if "label" in self.open else ""))
        if tag in ("form", "a", "button") and tag in self.open:
            self.faults.append(f"<{tag}> inside <{tag}>")
        if tag[0] == "h" and tag[1:].isdigit():
            self.headings.append(int(tag[1:]))

    def _conclude(self):
        if self.open:
            self.faults.append(f"left open: {self.open}")
        self.faults += [f"id {each} twice" for each in {one for one in self.ids if self.ids.count(one) > 1}]
        self.faults += [f"label for nothing: {each}" for each in self.labels if each not in self.ids]
        self.faults += [f"no label: {name}" for name, inside in self.fields if not inside and name not in self.labels]
        inner = [unquote(each[1:]) for each in self.links if each.startswith("#")]
        self.faults += [f"no such place: #{each}" for each in inner if each not in self.ids]
        self.faults += ["a link without an address" for each in self.links if not each]
        steps = zip(self.headings, self.headings[1:], strict=False)
        self.faults += [f"h{after} after h{before}" for before, after in steps if after > before + 1]
        if self.headings.count(1) != 1:
            self.faults.append(f"{self.headings.count(1)} headings of the first order")
        if not self.language:
            self.faults.append("no language")

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.texts).split())


def audit(response, status: int = 200) -> Audit:
    """The page of a response, when nothing is wrong with it."""
    page = response.get_data(as_text=True)
    assert response.status_code == status, page[:2000]
    assert response.mimetype == "text/html"
    found = Audit(page)
    assert found.faults == []
    return found
