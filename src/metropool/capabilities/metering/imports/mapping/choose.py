"""Choosing the mapping of a file by its header."""

from pathlib import Path

from metropool.capabilities.metering.imports.faults import sentence
from metropool.capabilities.metering.imports.mapping.loading import shipped_mappings
from metropool.capabilities.metering.imports.mapping.model import Mapping
from metropool.capabilities.metering.imports.source import header_candidates, is_parquet, names_in, parquet_names, split_header
from metropool.core.errors import Invalid
from metropool.core.texts import Sentence


def choose_mapping(path: Path) -> Mapping:
    """The one shipped mapping whose columns a file has; of several the one that knows most of its columns.

    Raises:
        Invalid: None fits, or two fit equally well; names the columns found.
    """
    fitting = [(len(_known(mapping, names)), mapping) for mapping, names in _candidates(path) if mapping.fits(names)]
    if not fitting:
        raise Invalid.that(sentence("no_mapping_fits", file=path.name, columns=_columns(path)))
    best = max(known for known, _ in fitting)
    chosen = [mapping for known, mapping in fitting if known == best]
    if len(chosen) > 1:
        raise Invalid.that(sentence("several_fit", file=path.name, names=", ".join(mapping.name for mapping in chosen)))
    return chosen[0]


def columns_left_out(path: Path, mapping: Mapping) -> list[str]:
    """Columns of the file that the mapping neither reads nor names as ignored."""
    names = parquet_names(path) if mapping.format == "parquet" else names_in(header_candidates(path), mapping)
    if "*" in mapping.ignored:
        return []
    return [name for name in names if name not in mapping.used and name not in mapping.ignored]


def _candidates(path: Path) -> list[tuple[Mapping, list[str]]]:
    if is_parquet(path):
        names = parquet_names(path)
        return [(mapping, names) for mapping in shipped_mappings() if mapping.format == "parquet"]
    head = header_candidates(path)
    return [(mapping, names_in(head, mapping)) for mapping in shipped_mappings() if mapping.format == "csv"]


def _known(mapping: Mapping, names: list[str]) -> set[str]:
    return set(names) & {*mapping.used, *mapping.ignored, *mapping.header}


def _columns(path: Path) -> Sentence:
    names = parquet_names(path) if is_parquet(path) else split_header(header_candidates(path)[0], ",")
    shown = ", ".join(name if name.isprintable() else repr(name) for name in names[:30])[:1000]
    if any(character.isalpha() for character in shown):
        return sentence("its_columns", columns=shown)
    return sentence("no_names", columns=shown)
