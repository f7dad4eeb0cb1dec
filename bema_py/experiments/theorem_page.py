"""The study of the theorems as a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from bema_py.experiments.machine import describe_machine
from bema_py.experiments.studies import StudySettings, counted, markdown_table

HEADER = (
    "statement",
    "scores",
    "cases",
    "outside as printed",
    "of them equal bounds",
    "outside as corrected",
    "least slack",
)
EXAMPLES = ("statement", "case", "demanded", "found")


def page(
    settings: StudySettings,
    results: Mapping[str, Any],
    sets: int,
    seconds: float,
    kept: Sequence[Mapping[str, Any]],
) -> str:
    """Lay out the tallies, the counterexamples and the runs, with what made them.

    seconds: processor time for the scores that no run gave. kept: what is kept of each run.
    """
    rows = sorted(results["rows"], key=lambda row: row["statement"])
    failing = [example for example in results["examples"] if example["fails"]]
    table = markdown_table(EXAMPLES, [[example[name] for name in EXAMPLES] for example in failing])
    runs = "".join(
        f"- Case {run['case']}, seed {run['seed']}: liars trained on swapped labels are the parties "
        f"{', '.join(map(str, run['liars'])) or 'none'}; Krum chose other neighbours after {run['chosen_anew']} of the "
        "samples that were calibrated with alone.\n"
        for run in results["runs"]
    )
    return (
        f"# The theorems\n\nCommand: `{settings.command} --sets {sets}`\n\n"
        f"Seeds {', '.join(map(str, settings.seeds))}; the first one draws the scores that no run gave, which took "
        f"{seconds / 60:.1f} minutes of processor time on {describe_machine()}. "
        f"{counted('Machine', (run['machine'] for run in kept))} Processor time without local training: "
        f"{sum(run['seconds'] for run in kept) / 60:.1f} minutes. {counted('Code', (run['code'] for run in kept))}\n\n"
        "What is printed and what is corrected: docs/theorems.md. Theorem 1 as printed speaks of the neighbours that "
        "Krum chooses after the step, corrected of those before it; in a run its constants are unknown, so p = 0 and "
        "the lower bound is 0, and there is no upper one. Theorem 2, Lemma 1 and Theorem 3 are tried where 2f < m < K, "
        "but in the row that says otherwise. Slack: distance to the corrected bound, as a score.\n\n"
        f"{markdown_table(HEADER, [cells(row) for row in rows])}\n"
        f"## Counterexamples to what is printed\n\nScores count in units of 2^-24; eta is 1.\n\n{table}\n"
        f"## Runs\n\n{runs}"
    )


def cells(row: Mapping[str, Any]) -> list[str]:
    """Give a row of the table."""
    least = row["least_score"]
    counts = [f"{row[name]:,}" for name in ("cases", "printed", "trivial", "corrected")]
    return [row["statement"], row["source"], *counts, "-" if least is None else f"{least:.3g}"]
