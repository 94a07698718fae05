"""Is what is not English told from English? Prints a table and one line of JSON.

    python -m benchmarks.parsing.languages [--bundle B] [--adapter FILE] [--record]

The sentences are data/languages.jsonl: ten in each of thirteen languages, two in each of twenty more, and English ones
with foreign words; English is also all of data/parse_*.jsonl.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

from benchmarks.common.paths import DATA
from benchmarks.common.provenance import commit, machine
from benchmarks.parsing.instructions import SPLITS, load_instructions
from benchmarks.parsing.table import record
from editjudge.bundles.bundle import Bundle
from editjudge.parser.parser import Parser, ParserWeights

SENTENCES = DATA / "languages.jsonl"
ENGLISH = "English"
TESTED = 10
"""Sentences of each of the languages that the goal is about; of the others there are two."""


def main() -> None:
    command_line = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line.add_argument("--bundle", default="studio")
    command_line.add_argument("--adapter", type=Path, help="instead of the bundle's")
    command_line.add_argument("--record", action="store_true", help="keep the figures in data/parse.json")
    options = command_line.parse_args()
    bundle = Bundle.load(options.bundle)
    weights = ParserWeights(bundle.file("parser"), options.adapter or bundle.file("parser_adapter"))
    parser = Parser({"parser": weights}, {"parser": bundle.manifest.parse})

    sentences: dict[str, list[str]] = defaultdict(list)
    for row in map(json.loads, SENTENCES.read_text(encoding="utf-8").splitlines()):
        sentences[row["language"]].append(row["instruction"])
    borrowed = sentences.pop(ENGLISH)
    plain = [label.instruction for split in SPLITS for label in load_instructions(split)]
    flagged = {
        language: [parser.parse(sentence).foreign for sentence in found] for language, found in sentences.items()
    }
    for language, found in flagged.items():
        missed = [sentence for sentence, hit in zip(sentences[language], found, strict=True) if not hit]
        print(f"{language:12} {sum(found)} of {len(found)}  {' | '.join(missed)}")
    taken = {
        name: [text for text in texts if parser.parse(text).foreign]
        for name, texts in (("borrowed", borrowed), ("plain", plain))
    }
    print(f"English taken for foreign: {taken}")
    tested = [hit for found in flagged.values() if len(found) >= TESTED for hit in found]
    others = [hit for found in flagged.values() if len(found) < TESTED for hit in found]
    summary = {
        "benchmark": "parse_languages",
        "languages": sum(len(found) >= TESTED for found in flagged.values()),
        "flagged": round(sum(tested) / len(tested), 4),
        "other_languages": sum(len(found) < TESTED for found in flagged.values()),
        "other_flagged": round(sum(others) / len(others), 4),
        "english": len(borrowed) + len(plain),
        "english_flagged": round(sum(map(len, taken.values())) / (len(borrowed) + len(plain)), 4),
        "borrowed": len(borrowed),
        "borrowed_flagged": round(len(taken["borrowed"]) / len(borrowed), 4),
    }
    if options.record:
        record("languages", {**summary, "commit": commit(), "machine": machine()})
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
