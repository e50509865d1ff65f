"""Draw every plan and variant, in Chinese and English, into docs/images/plans: python scripts/draw_plans.py."""

from pathlib import Path

from metropool.core.texts import LANGUAGES
from metropool.plan.drawing.figure import draw_plan
from metropool.runtime.systems import compile_named

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images" / "plans"
PLANS = ("one:direct", "one:indirect", "two", "transition")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for plan in PLANS:
        picture = compile_named(plan).whole_picture
        for language in LANGUAGES:
            drawing = draw_plan(picture, language=language)
            (FOLDER / f"{plan.replace(':', '-')}-{language}.svg").write_text(drawing, encoding="utf-8")


if __name__ == "__main__":
    main()
