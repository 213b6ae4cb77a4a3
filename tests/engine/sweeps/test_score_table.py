"""Means, deviations and paired differences of a sweep's scores, and their files."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
from matplotlib.figure import Figure

from mmsmot.engine.sweeps.cell import plan_cells
from mmsmot.engine.sweeps.cell_record import BLOCKED, FAILED, FINISHED, CellRecord
from mmsmot.engine.sweeps.plot import write_plot
from mmsmot.engine.sweeps.score_table import ScoreTable, matching_metrics, score_table
from mmsmot.engine.sweeps.table_files import (
    csv_table_file,
    latex_table_file,
    markdown_table_file,
    write_tables,
)

from .sweep_files import BYTETRACK, SORT, sweep_of

TEXT = f"""
axes = dict(
    tracker={{'SORT': '{SORT}', 'Byte_Track': '{BYTETRACK}'}},
    seed=[0, 1, 2])
metrics = {{'HOTA': 'track/HOTA', 'F1': 'interaction_F1', 'FP': 'track/FP'}}
baseline = dict(tracker='SORT')
caption = 'Two trackers.'
"""
HOTA = {'SORT': [40.0, 42.0, 44.0], 'Byte_Track': [45.0, 46.0, 50.0]}


def table_of(
    folder: Path, text: str = TEXT, without: str = '', stale: str = ''
) -> ScoreTable:
    """The table of made-up scores; ``without``, ``stale``: ids of cells that are."""
    sweep = sweep_of(folder, text)
    cells = plan_cells(sweep, folder / 'work')
    records = {}
    for id, cell in cells.items():
        seed = int(cell.labels.get('seed', 0))
        hota = HOTA[cell.labels['tracker']][seed]
        if cell.stage.name.endswith('_val'):
            hota = 100 - hota
        scores = {
            'smot/track/HOTA': hota,
            'smot/strict/interaction_F1': 0.5,
            'smot/track/FP': 3.0,
        }
        records[id] = CellRecord(
            FINISHED, cell.fingerprint, ['python'], cell.labels, scores=scores
        )
        if id == without:
            records[id] = CellRecord(FAILED, '', [], cell.labels)
        if id == stale:
            records[id] = replace(records[id], fingerprint='old')
    return score_table(sweep, 'test', cells, records)


def test_mean_deviation_and_paired_difference(tmp_path: Path) -> None:
    table = table_of(tmp_path)
    score = table.scores[('Byte_Track',), (), 'HOTA']
    assert score.mean == 47
    assert score.deviation == pytest.approx(math.sqrt(7))
    # Differences 5, 4, 6: mean 5, standard deviation 1 over three.
    assert score.difference == 5
    assert score.difference_error == pytest.approx(1 / math.sqrt(3))
    assert table.scores[('SORT',), (), 'HOTA'].difference is None


def test_markdown(tmp_path: Path) -> None:
    lines = markdown_table_file(table_of(tmp_path)).splitlines()
    assert lines[0] == 'Two trackers.'
    assert lines[2:6] == [
        '| tracker | HOTA | F1 | FP |',
        '| --- | ---: | ---: | ---: |',
        '| SORT | 42.0 ± 2.0 | 0.50 ± 0.00 | 3 ± 0 |',
        '| Byte_Track | 47.0 ± 2.6 (+5.0 ± 0.6) | 0.50 ± 0.00 (+0.00 ± 0.00) | '
        '3 ± 0 (+0 ± 0) |',
    ]
    assert 'Mean ± standard deviation over 3 runs.' in lines


def test_a_failed_cell_is_named_and_left_out(tmp_path: Path) -> None:
    table = table_of(tmp_path, without='test/tracker=Byte_Track+seed=2')
    score = table.scores[('Byte_Track',), (), 'HOTA']
    assert score.mean == 45.5
    assert score.difference == 4.5
    text = markdown_table_file(table)
    assert 'Without scores: test/tracker=Byte_Track+seed=2 (failed).' in text
    assert 'over 3 runs or fewer.' in text


def test_stale_cells_are_named(tmp_path: Path) -> None:
    stale = 'test/tracker=SORT+seed=1'
    text = markdown_table_file(table_of(tmp_path, stale=stale))
    assert f'than those of today: {stale}.' in text
    assert 'today' not in markdown_table_file(table_of(tmp_path))


def test_a_baseline_of_one_axis_is_paired_within_the_others(tmp_path: Path) -> None:
    text = TEXT.replace('seed=[0, 1, 2])', 'seed=[0, 1, 2], age={"a": {}, "b": {}})')
    table = table_of(tmp_path, text)
    for age in 'ab':
        assert table.scores[('SORT', age), (), 'HOTA'].difference is None
        assert table.scores[('Byte_Track', age), (), 'HOTA'].difference == 5


def test_another_stage_has_other_metrics(tmp_path: Path) -> None:
    sweep = sweep_of(
        tmp_path,
        TEXT + "stages = [dict(name='tracks', axes=[], options=dict(config='"
        f"{SORT}')), dict(name='test', after=['tracks'])]",
    )
    cells = plan_cells(sweep, tmp_path / 'work')
    scores = {'smot/track/HOTA': 1.0}
    records = {'tracks': CellRecord(FINISHED, '', [], {}, scores=scores)}
    table = score_table(sweep, 'test', cells, records)
    assert '| SORT | - | - | - |' in markdown_table_file(table)
    assert [*table.missing.values()] == [''] * 6
    # A blocked cell names what failed, unless that is mended since.
    (first, second, *_) = table.missing
    for id, cause in ((first, 'other'), (second, 'tracks')):
        records[id] = CellRecord(BLOCKED, '', [], {}, blocked_by=[cause])
    table = score_table(sweep, 'test', cells, records)
    assert [*table.missing.values()] == ['other failed'] + [''] * 5
    text = markdown_table_file(table)
    assert f'Without scores: {first} (other failed), {second}, ' in text


def test_columns_and_the_choice_on_val(tmp_path: Path) -> None:
    text = TEXT + "columns = ['tracker']\nselect_on = 'val'\n"
    text += "options = {'test_dataloader.dataset.split': 'train_minus_val'}\n"
    table = table_of(tmp_path, text)
    assert table.selected == ((), ('SORT',))  # least on test is greatest on val here
    header, _, row = markdown_table_file(table).splitlines()[2:5]
    assert header.endswith('| SORT val HOTA | Byte_Track val HOTA |')
    assert row.endswith('| 58.0 * | 53.0 |')
    cell = 'test_val/tracker=SORT+seed=1'  # the choice was made without it
    text = markdown_table_file(table_of(tmp_path, text, without=cell))
    assert f'Without scores: {cell} (failed).' in text


def test_csv_has_every_run(tmp_path: Path) -> None:
    rows = [*csv.DictReader(io.StringIO(csv_table_file(table_of(tmp_path))))]
    assert len(rows) == 2 * 3 * 3
    row = next(r for r in rows if r['tracker'] == 'Byte_Track' and r['run'] == '2')
    assert (row['metric'], float(row['value']), float(row['mean'])) == ('HOTA', 50, 47)


def test_latex_escapes(tmp_path: Path) -> None:
    text = latex_table_file(table_of(tmp_path), 'python tools/sweep.py')
    assert r'Byte\_Track & 47.0 $\pm$ 2.6 (+5.0 $\pm$ 0.6)' in text
    assert text.count(r'\\') == 3


def test_an_unknown_or_ambiguous_metric(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match='is none of those'):
        table_of(tmp_path, TEXT.replace('track/FP', 'track/XX'))


def figure_of(
    table: ScoreTable, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Figure:
    """What would be drawn."""
    figures = []
    monkeypatch.setattr(Figure, 'savefig', lambda self, *a, **k: figures.append(self))
    write_plot(table, folder / 'plot.png')
    figures[0].canvas.draw()
    return figures[0]


def test_a_plot_shows_names_seeds_and_whole_error_bars(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = figure_of(table_of(tmp_path), tmp_path, monkeypatch)
    panels = figure.axes
    assert [panel.get_title() for panel in panels] == ['HOTA', 'F1', 'FP']
    names = [label.get_text() for label in panels[0].get_yticklabels()]
    assert names == ['SORT', 'Byte_Track']
    assert panels[0].get_ylim() == (1.5, -0.5)  # in the order of the table
    left, right = panels[0].get_xlim()
    assert left < 40  # SORT: 42 ± 2
    assert right > 47 + math.sqrt(7)
    lines = [[*line.get_xdata()] for line in panels[0].lines]
    assert [40.0, 42.0, 44.0] in lines  # the seeds
    assert [42.0, 42.0] in lines  # the baseline
    note = figure.get_supxlabel()
    assert note == 'points: mean ± standard deviation of 3 seeds (rings); dotted: SORT'


def test_a_plot_of_numbers_is_a_line_with_a_star(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"""
base = '{SORT}'
options = {{'test_dataloader.dataset.split': 'train_minus_val'}}
axes = {{'model.tracker.max_age': [30, 5, 10]}}
metrics = ['HOTA']
select_on = 'val'
"""
    sweep = sweep_of(tmp_path, text)
    cells = plan_cells(sweep, tmp_path)
    hota = {'5': 40.0, '10': 44.0, '30': 42.0}
    records = {
        id: CellRecord(
            FINISHED, cell.fingerprint, [], {}, scores={'track/HOTA': hota[age]}
        )
        for id, cell in cells.items()
        for age in cell.labels.values()
    }
    table = score_table(sweep, 'test', cells, records)
    (panel,) = figure_of(table, tmp_path, monkeypatch).axes
    assert panel.get_xlabel() == 'max_age'
    assert sorted(label.get_text() for label in panel.get_xticklabels()) == [
        '10',
        '30',
        '5',
    ]
    lines = {line.get_marker(): line for line in panel.lines}
    assert [*lines['o'].get_xdata()] == [5, 10, 30]
    assert [*lines['o'].get_ydata()] == [40, 44, 42]
    assert (*lines['*'].get_xdata(), *lines['*'].get_ydata()) == (10, 44)


def test_plot_and_files(tmp_path: Path) -> None:
    table = table_of(tmp_path)
    image = cv2.imread(str(write_plot(table, tmp_path / 'plot.png')))
    assert image.shape[1] > 2 * image.shape[0] > 300
    records = {
        'test/a': CellRecord(FINISHED, '', ['/bin/python', 'a b'], {}, seconds=2)
    }
    paths = write_tables([table], records, tmp_path, 'python tools/sweep.py x')
    assert [p.name for p in paths] == [
        'commands.md',
        'table.md',
        'table.csv',
        'table.tex',
    ]
    assert "python 'a b'" in paths[0].read_text()


def test_a_metric_is_meant_by_its_name_or_its_end() -> None:
    names = ['HOTA', 'smot/track/HOTA', 'smot/track/HOTA_05', 'CHOTA', 'track/CHOTA']
    assert matching_metrics(names, 'HOTA') == ['HOTA', 'smot/track/HOTA']
    assert matching_metrics(names, 'track/HOTA') == ['smot/track/HOTA']
    assert matching_metrics(names, 'MOTA') == []


def test_a_plot_names_the_axis_of_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"""
axes = {{'tracker': {{'SORT': '{SORT}'}}, 'model.tracker.max_age': [1, 30]}}
metrics = ['HOTA']
"""
    sweep = sweep_of(tmp_path, text)
    cells = plan_cells(sweep, tmp_path)
    records = {
        id: CellRecord(FINISHED, cell.fingerprint, [], {}, scores={'track/HOTA': 50.0})
        for id, cell in cells.items()
    }
    table = score_table(sweep, 'test', cells, records)
    (panel,) = figure_of(table, tmp_path, monkeypatch).axes
    names = [label.get_text() for label in panel.get_yticklabels()]
    assert names == ['SORT, max_age 1', 'SORT, max_age 30']
