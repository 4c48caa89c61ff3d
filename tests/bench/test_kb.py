"""That the measurement of the knowledge measures what it names."""

from bench import kb
from knowledge import store


def test_the_report_names_every_time_and_counts_what_there_is() -> None:
    rows = dict(row.strip("| ").split(" | ") for row in kb.measure(runs=1)[2:])
    for name in ("load", "check", *(f"./lotse kb {command}" for command in kb.commands())):
        assert rows[name].endswith(" s")
    assert rows["faults"] == str(len(store.load().faults))
    assert "check" in kb.commands()


def test_the_best_of_some_runs_counts() -> None:
    done: list[int] = []
    assert kb.best(lambda: done.append(1), 3) >= 0
    assert len(done) == 3
