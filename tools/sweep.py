"""Train and test the cells of a sweep file, and make the table of their scores.

The smallest sweep file, three trackers and two thresholds on your own sequences:

options = dict(data_root='data/MOT17/train', weights='yolox_nano.onnx')
axes = {
    'tracker': [
        'two_stage/sort_yolox-nano',
        'two_stage/bytetrack_yolox-nano',
        'two_stage/ocsort_yolox-nano',
    ],
    'model.detector.score_threshold': [0.3, 0.7],
}
metrics = ['HOTA', 'MOTA', 'IDF1']

What was finished is not run again; configs/ablations/README.md explains the rest.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from functools import partial
from pathlib import Path

from mmsmot.utils.command_line import count_arg, positive_arg, run_tool, tool_imports

with tool_imports():
    from mmsmot.engine.launchers.local_launcher import LocalLauncher
    from mmsmot.engine.launchers.ray_launcher import RayLauncher
    from mmsmot.engine.sweeps.cell import Cell, plan_cells, with_needed_cells
    from mmsmot.engine.sweeps.cell_files import require_cell_files
    from mmsmot.engine.sweeps.cell_record import FAILED, RUNNING, record_blocked
    from mmsmot.engine.sweeps.cell_run import run_cell
    from mmsmot.engine.sweeps.plot import write_plot
    from mmsmot.engine.sweeps.schedule import blocked_record
    from mmsmot.engine.sweeps.score_table import score_table
    from mmsmot.engine.sweeps.search import run_search
    from mmsmot.engine.sweeps.slurm_jobs import write_array_jobs
    from mmsmot.engine.sweeps.sweep_file import Sweep, read_sweep
    from mmsmot.engine.sweeps.sweep_run import (
        KEEP,
        REFUSE,
        RERUN,
        SweepState,
        require_fresh_sweep,
        run_sweep,
        sweep_failures,
        sweep_state,
    )
    from mmsmot.engine.sweeps.table_files import markdown_table_file, write_tables
    from mmsmot.utils.environment import check_environment
    from mmsmot.utils.folder_lock import folder_lock
    from mmsmot.utils.full_disk import explain_full_disk
    from mmsmot.utils.mmengine_loaders import make_mmengine_safe


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'sweep',
        help='sweep file, or a name below configs/ such as ablations/tables/tau_p',
    )
    parser.add_argument(
        '--work-dir', help='folder of all cells (default: work_dirs/NAME)'
    )
    parser.add_argument(
        '--data-root',
        help="folder of the data, instead of that in the sweep's options",
    )
    add_launcher_arguments(parser)
    add_mode_arguments(parser)
    args = parser.parse_args()
    if args.memory is not None and args.launcher == 'slurm':
        parser.error(
            '--memory is of this machine: of SLURM jobs write  memory=GIB  into a stage, '
            'or pass --mem=... to submit.sh'
        )
    if args.address is not None and args.launcher != 'ray':
        parser.error('--address is of a Ray cluster: add --launcher ray')
    return args


def add_launcher_arguments(parser: argparse.ArgumentParser) -> None:
    """Where cells run."""
    parser.add_argument(
        '--launcher',
        choices=('local', 'ray', 'slurm'),
        default='local',
        help='where cells run: in processes of this machine, on a Ray cluster, or by '
        "SLURM, for which the array jobs are written into the work-dir's slurm/",
    )
    parser.add_argument(
        '--address',
        help="a running Ray cluster, 'auto' or ray://HOST:PORT (default: RAY_ADDRESS, or "
        'one is started here)',
    )
    parser.add_argument(
        '--jobs',
        type=count_arg,
        default=1,
        help='cells that run at a time; each gets a GPU of its own as long as there are '
        'some',
    )
    parser.add_argument(
        '--memory',
        type=positive_arg,
        help='GiB that cells which run at a time may take together, on this machine or '
        'on a Ray cluster that is started here (default: most of what is free)',
    )


def add_mode_arguments(parser: argparse.ArgumentParser) -> None:
    """What is done with the cells."""
    parser.add_argument(
        '--stale',
        choices=(REFUSE, RERUN, KEEP),
        default=REFUSE,
        help='what is done with finished cells that the sweep file would make otherwise '
        'today',
    )
    parser.add_argument(
        '--search',
        choices=('optuna',),
        help="look for the best values of the sweep's search.space instead, by its metric "
        'on val; they are written as a config, best.py',
    )
    parser.add_argument(
        '--dry-run', action='store_true', help='show the cells and their commands'
    )
    parser.add_argument(
        '--from-logs',
        action='store_true',
        help='make the table again from what is finished; run nothing',
    )
    parser.add_argument(
        '--cell', help='run this cell alone (an id that --dry-run shows)'
    )


def main() -> int:
    args = parse_args()
    check_environment()
    make_mmengine_safe()
    sweep = read_sweep(args.sweep)
    work_dir = Path(args.work_dir or Path('work_dirs') / sweep.name)
    if args.search is not None:
        return search(sweep.with_data_root(args.data_root), work_dir)
    cells = plan_cells(sweep, work_dir, args.data_root)
    state = sweep_state(cells)
    if args.dry_run:
        show(cells, state)
        return 0
    if args.cell is not None:
        return run_one(cells, args.cell, args.stale)
    if args.from_logs:
        write(sweep, cells, state.records, work_dir)
        return 0
    require_cell_files(cell for id, cell in cells.items() if id not in state.finished)
    with folder_lock(work_dir), explain_full_disk(work_dir):
        if args.launcher == 'slurm':
            return write_slurm_jobs(sweep, cells, state, work_dir, args)
        # Workers of a cluster may stand in another folder.
        run = partial(run_cell, cwd=os.getcwd(), keep=True)
        records = run_sweep(cells, launcher_of(args), args.stale, run)
        write(sweep, cells, records, work_dir)
    failed = sweep_failures(records)
    for line in failed:
        print(line, file=sys.stderr)
    return 1 if failed else 0


def search(sweep: Sweep, work_dir: Path) -> int:
    """Search, and say where the best config lies."""
    with folder_lock(work_dir), explain_full_disk(work_dir):
        best = run_search(sweep, work_dir, command_line())
    print(best.read_text(encoding='utf-8'))
    print(best)
    return 0


def command_line() -> str:
    """What a user types to have the numbers again; --from-logs makes none."""
    words = [word for word in sys.argv[1:] if word != '--from-logs']
    return shlex.join(['python', 'tools/sweep.py', *words])


def launcher_of(args: argparse.Namespace) -> LocalLauncher | RayLauncher:
    """Where the cells run."""
    if args.launcher == 'ray':
        return RayLauncher(jobs=args.jobs, memory=args.memory, address=args.address)
    return LocalLauncher(jobs=args.jobs, memory=args.memory)


def write_slurm_jobs(
    sweep: Sweep,
    cells: dict[str, Cell],
    state: SweepState,
    work_dir: Path,
    args: argparse.Namespace,
) -> int:
    """Write the array jobs of what is not finished, and say how they are submitted."""
    finished = require_fresh_sweep(cells, state, args.stale)
    submit = write_array_jobs(
        sweep, cells, finished, work_dir, args.jobs, args.stale, args.data_root
    )
    data_root = [] if args.data_root is None else ['--data-root', args.data_root]
    from_logs = shlex.join([*data_root, '--from-logs'])
    if submit is None:
        print(f'all cells are finished; {from_logs} makes the tables')
    else:
        print(f'submit them by  bash {submit}  and make the tables by  {from_logs}')
    return 0


def show(cells: dict[str, Cell], state: SweepState) -> None:
    """What would be run, in order."""
    for id, cell in cells.items():
        status = state.records[id].status if id in state.records else 'to run'
        if id in state.stale:
            status = 'stale'
        if status == RUNNING:
            status = 'running, or interrupted'
        print(f'{id} ({status})')
        try:
            print(f'  {shlex.join(cell.command())}')
        except FileNotFoundError:
            print(f'  {cell.stage.tool.name}, from the last checkpoint of {cell.start}')


def run_one(cells: dict[str, Cell], id: str, stale: str) -> int:
    """Run a cell by its id, unless it is finished; its exit code."""
    if id not in cells:
        raise SystemExit(f'there is no cell {id!r}; there are {", ".join(cells)}')
    needed = with_needed_cells(cells, [id])
    state = sweep_state(needed)
    finished = require_fresh_sweep(needed, state, stale)
    if id in finished:
        print(f'{id}: is finished')
        return 0
    if waiting := [need for need in cells[id].needs if need not in finished]:
        if blocked := blocked_record(cells[id], state.records, finished):
            record_blocked(cells[id].folder, blocked)
        raise SystemExit(f'{id} needs {", ".join(waiting)}, not finished yet')
    record = run_cell(cells[id], keep=True)
    print(f'{id}: {record.status}{f": {record.error}" if record.error else ""}')
    return 1 if record.status == FAILED else 0


def write(sweep: Sweep, cells: dict[str, Cell], records: dict, work_dir: Path) -> None:
    """Write the tables, where the sweep has scores, and say where."""
    if not sweep.reports:
        print(f'results: {work_dir}')
        return
    tables = [score_table(sweep, name, cells, records) for name in sweep.reports]
    paths = write_tables(tables, records, work_dir, command_line())
    for table in (table for table in tables if table.metrics):
        stem = 'plot' if len(tables) == 1 else f'plot_{table.stage}'
        paths.append(write_plot(table, work_dir / f'{stem}.png'))
    for table in tables:
        print(f'\n{markdown_table_file(table)}')
    for path in paths:
        print(path)


if __name__ == '__main__':
    run_tool(main, 'finished cells are kept, the same command goes on')
