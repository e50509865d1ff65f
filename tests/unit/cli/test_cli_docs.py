"""What the documents say can be tried: links lead somewhere, commands exist, the example mapping reads the example file."""

import re
from datetime import UTC, date, datetime

import pytest
import yaml
from typer.main import get_command

from metropool.capabilities.metering.imports.mapping.loading import load_mapping
from metropool.capabilities.metering.imports.reading_file import read_file
from metropool.capabilities.metering.imports.summary import check_file, summarise
from metropool.capabilities.metering.validation.rules import rules_on
from metropool.exchange.messages import MESSAGES, ROWS
from metropool.runtime.cli.main import app
from metropool.runtime.settings import Settings

from .conftest import ROOT

PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def names(paths) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_link_leads_to_a_file(page):
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    lost = [link for link in links if not (page.parent / link).exists()]
    assert lost == []


def test_architecture_names_only_what_is_there():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:[a-z0-9_]+/)+[a-z0-9_]+\.(?:py|yaml|md))", text)
    roots = [ROOT, ROOT / "src/metropool", ROOT / "src/metropool/capabilities"]
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []
    assert len(named) > 20


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_every_command_of_the_readme_exists(page, cli):
    known = set(re.findall(r"│ ([a-z]+) ", cli("--help").out))
    named = set(re.findall(r"`metropool ([a-z]+)", (ROOT / page).read_text(encoding="utf-8")))
    assert named
    assert named <= known


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_option_of_a_command_that_is_told_exists(page):
    told = re.findall(
        r"metropool (?!sealed link)([a-z][^`\n#|]*)",
        "\n".join(re.findall(r"```.*?```|`[^`]*`", page.read_text("utf-8"), re.DOTALL)),
    )
    assert [text for text in told if not _is_taken(text.split())] == []


def _is_taken(words: list[str]) -> bool:
    """Whether each word that names a command or an option does name one."""
    command = get_command(app)
    while words and (known := getattr(command, "commands", None)):
        if words[0] not in known:
            return not words[0].islower()
        command, words = known[words[0]], words[1:]
    options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--lang", "--help", "-h"}
    given = words[: words.index("--")] if "--" in words else words
    return {word for word in given if re.fullmatch(r"--?[a-z][a-z-]*", word)} <= options


def test_the_parties_whose_evidence_is_told_of_exist():
    parties = yaml.safe_load((ROOT / "plans/contract.yaml").read_text(encoding="utf-8"))["parties"]
    told = re.findall(r"--with ([a-z_]+)", (ROOT / "docs/operators.md").read_text(encoding="utf-8"))
    assert told
    assert set(told) <= set(parties)


def test_every_target_of_the_makefile_does_something():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)", text, re.MULTILINE)[1].split()
    assert [name for name in targets if not re.search(rf"^{name}:", text, re.MULTILINE)] == []


def test_every_setting_is_told_to_operators():
    text = (ROOT / "docs/operators.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"METROPOOL_{name.upper()}`" not in text] == []


def test_every_message_and_column_is_told_to_integrators():
    text = (ROOT / "docs/integrators.md").read_text(encoding="utf-8")
    assert [kind.__name__ for kind in MESSAGES if f"`{kind.__name__}`" not in text] == []
    blocks = text[text.index("*Block columns*:") :].split("\n\n")[0]
    told = {kind: next(line for line in text.splitlines() if line.startswith(f"| `{kind.__name__}`")) for kind in ROWS}
    told = {kind: row + blocks if "block columns" in row else row for kind, row in told.items()}
    assert [(kind, name) for kind in ROWS for name in ROWS[kind].names if not re.search(rf"\b{name}\b", told[kind])] == []


def test_the_example_mapping_reads_the_example_file(tmp_path):
    text = (ROOT / "docs/integrators.md").read_text(encoding="utf-8")
    [table, mapping] = (re.search(pattern, text, re.DOTALL)[1] for pattern in (r"```\n(meter;.*?)```", r"```yaml\n(.*?)```"))
    (tmp_path / "export.csv").write_text(table, encoding="utf-8")
    (tmp_path / "mapping.yaml").write_text(mapping, encoding="utf-8")
    file = read_file(tmp_path / "export.csv", load_mapping(tmp_path / "mapping.yaml"))
    report = summarise(check_file(file, rules=rules_on(date(2026, 7, 1)), now=datetime(2026, 7, 2, tzinfo=UTC)))
    assert {row["channel"]: (row["readings"], row["total"]) for row in report["channels"]} == {
        "M-17/energy": (2, "0.4000"),
        "M-17/water": (1, None),
    }
    assert [(flag["class"], flag["line"]) for flag in report["flags"]] == [("blank", 3)]
