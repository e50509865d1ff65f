"""Make the fonts of the documents: subsets of Noto Sans CJK SC (OFL 1.1), regular and bold.

Needs fonttools and Debian's ``fonts-noto-cjk``. Characters: GB 2312 level one and two (6,763), its symbols, Latin,
punctuation. Run it again only to change the set of characters; the result is committed.
"""

import argparse
from pathlib import Path

try:
    from fontTools import subset
    from fontTools.ttLib import TTCollection, TTFont
except ModuleNotFoundError:
    raise SystemExit("make_fonts.py needs fonttools, which nothing else does: pip install fonttools") from None

SC_FACE = "Noto Sans CJK SC"
SOURCE = Path("/usr/share/fonts/opentype/noto")
TARGET = Path(__file__).parent.parent / "src/metropool/portal/documents/fonts"
EXTRA = "¥￥·–—‘’“”…‰′″℃℉№①②③④⑤⑥⑦⑧⑨⑩³²₂×÷±≤≥≈→←↑↓▲▼■□●○◆◇★☆✓✗㎡㎥"
# Characters of given and place names that GB 2312 lacks.
NAMES = (
    "喆堃珺玥昉昇晟晖暐曌朙栢梽桢烜焜煊煜熠燊珅珮珹琤琨琰瑄瑀瑢璟璠甯畇皓睿祎禛竑筠箐翀翊翯芃芊芮茜莜菁菀萱蓥薏蘅衎彧訚赟轩迦"
    "邗邝邨鄞鉴錡钖钘钰铄铖锜锟镕镔闫闳霄霆韫韬颀颢馥骁骅骉龑淼垚犇羴镠"
)


def characters() -> set[str]:
    """The characters a document may use."""
    hanzi = {bytes((high, low)).decode("gb2312", "ignore") for high in range(0xA1, 0xF8) for low in range(0xA1, 0xFF)}
    latin = {chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x180))}
    return {char for text in hanzi | latin | {EXTRA, NAMES} for char in text}


def make(weight: str) -> Path:
    """Subset one weight; returns the file."""
    collection = TTCollection(SOURCE / f"NotoSansCJK-{weight}.ttc")
    font: TTFont = next(face for face in collection.fonts if face["name"].getDebugName(1).startswith(SC_FACE))
    options = subset.Options(
        hinting=False,
        layout_features=["kern", "tnum", "locl"],
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14, 16, 17],
        notdef_outline=True,
        drop_tables=["VORG", "vhea", "vmtx", "BASE", "DSIG"],
    )
    worker = subset.Subsetter(options)
    worker.populate(text="".join(sorted(characters())))
    worker.subset(font)
    TARGET.mkdir(parents=True, exist_ok=True)
    path = TARGET / f"NotoSansCJKsc-{weight}-subset.otf"
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(path)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    for weight in ("Regular", "Bold"):
        made = make(weight)
        print(f"{made.name}: {made.stat().st_size / 1e6:.2f} MB, {len(characters())} characters asked")
