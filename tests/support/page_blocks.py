"""Blocks of a page between `<!-- NAME: begin -->` and `<!-- NAME: end -->`, which are made anew."""


def with_block(text: str, name: str, content: str) -> str:
    """The text with the content of one block replaced; a missing block is a ValueError."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"no block {name}")
    return f"{before}{begin}{content}\n{end}{after}"
