"""Turns the equations in the Markdown files here into MathML, which browsers draw by themselves.

    python render.py            writes rendered/*.md
    python render.py --check    fails if one of them is not what would be written

In a source, $...$ stands within a line and $$...$$ by itself; both are TeX. `render` beside this file calls it with the
pinned version of latex2mathml.
"""

import html
import re
import sys
from pathlib import Path

from latex2mathml.converter import convert

HERE = Path(__file__).resolve().parent
CODE = re.compile(r"(`[^`]*`)")
BLOCK = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
INLINE = re.compile(r"\$(.+?)\$", re.DOTALL)


def mathml(tex, display):
    text = convert(" ".join(tex.split()), display=display).replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")
    # Letters as they are; what means something to Markdown stays an entity.
    return re.sub(r"&#x([0-9A-Fa-f]+);", lambda m: chr(n) if (n := int(m[1], 16)) > 127 else m[0], text)


def block(match):
    return f'<div style="overflow-x: auto; margin: 0.7em 0">{mathml(match[1], "block")}</div>'


def inline(match):
    return mathml(match[1], "inline")


def rendered(source):
    # Blocks first, then what is within lines and outside of code.
    text = BLOCK.sub(block, source)
    parts = CODE.split(text)
    parts[::2] = [INLINE.sub(inline, part) for part in parts[::2]]
    return "".join(parts)


def main():
    check = sys.argv[1:] == ["--check"]
    folder = HERE / "rendered"
    folder.mkdir(exist_ok=True)
    stale = []
    for path in sorted(HERE.glob("*.md")):
        target, text = folder / path.name, rendered(path.read_text(encoding="utf-8"))
        if check and (not target.exists() or target.read_text(encoding="utf-8") != text):
            stale.append(target.name)
        elif not check:
            target.write_text(text, encoding="utf-8")
    if stale:
        sys.exit(f"out of date: {', '.join(stale)}; run docs/equations/render")


main()
