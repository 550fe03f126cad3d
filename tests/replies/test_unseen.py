"""What is understood of texts that nobody who writes rules has seen: counts, printed at the end of the run.

Nothing is asserted of them: a bar that a build has to pass would soon be tuned to.
"""

from pathlib import Path

from nudger.replies.scoring import Score, read_table
from tests.support.replies import zone_of

TABLES = sorted((Path(__file__).parent / "unseen").glob("*.tsv"))


def test_unseen_texts_are_scored_and_never_shown(here, figures):
    if not TABLES:
        figures.append("tests/replies/unseen is empty: nothing was measured blind (see its README)")
    for file in TABLES:
        score, person = Score(), here.__class__(here.words, language=file.stem.split("-")[0])
        for case in read_table(file.read_text("utf-8"), person.language, zone_of):
            score.add(case, person.read_case(case))
        figures += [f"{file.name}, unseen", *score.lines()]
        assert score.texts["all"], f"{file.name} has no texts"
