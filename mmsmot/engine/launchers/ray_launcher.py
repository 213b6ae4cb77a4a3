"""Jobs on a Ray cluster: https://docs.ray.io."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmengine.logging import print_log

MAX_STARTS = 3  # of a job whose worker dies; then it has failed
GIB = 2**30


@dataclass
class _Job:
    function: Callable[..., Any]
    args: tuple
    memory: float  # bytes
    cpus: int
    gpus: float
    starts: int = 0


class RayLauncher:
    """Runs each job as a Ray task, on whichever worker has room for it.

    The workers need the package and see the folders of the jobs under the same names, as
    on a shared file system. A job whose worker or machine dies is started again.

    Args:
        jobs: Processors of a cluster that is started on this machine.
        memory: GiB that the jobs on such a cluster may take together; ``None``: Ray
            measures what there is.
        address: A running cluster, ``'auto'`` or ``'ray://HOST:PORT'``; ``None``: that of
            ``RAY_ADDRESS``, or one is started on this machine.

    Raises:
        ImportError: Ray is not installed.
        ConnectionError: No cluster answers at the address.
        ValueError: ``memory`` of a running cluster, whose machines have told it.
    """

    def __init__(
        self,
        *,
        jobs: int = 1,
        memory: float | None = None,
        address: str | None = None,
    ) -> None:
        # Nothing is sent anywhere.
        os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')
        # Else Ray hides the GPUs from tasks that ask for none.
        os.environ.setdefault('RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO', '0')
        import ray

        self._ray = ray
        address = address or os.environ.get('RAY_ADDRESS')
        cluster: dict[str, Any] = dict(address=address)
        if address is None:
            # Ray's own name for what `ray start` calls --memory.
            num_bytes = None if memory is None else int(memory * GIB)
            cluster = dict(num_cpus=jobs, _memory=num_bytes, include_dashboard=False)
        elif memory is not None:
            raise ValueError(
                f'--memory is not for the cluster at {address}, whose machines were '
                'started with theirs (ray start --memory=BYTES): leave it out'
            )
        self._own_jobs = jobs if address is None else None
        self._ray.init(**cluster, log_to_driver=False, logging_level=logging.ERROR)
        self._jobs: dict[str, _Job] = {}
        self._running: dict[Any, str] = {}

    def has_room(self, memory: float) -> bool:
        """As many jobs as processors on a cluster that was started here.

        Elsewhere always: Ray keeps what has no room yet, and may add machines for it.
        """
        return self._own_jobs is None or len(self._running) < self._own_jobs

    def submit(
        self,
        key: str,
        function: Callable[..., Any],
        *args: Any,
        memory: float,
        cpus: int = 1,
        gpus: int = 0,
    ) -> None:
        """See :class:`~.launcher.Launcher`; Ray shows each worker the GPUs of its job.

        On a cluster that was started here more jobs than GPUs share them.
        """
        # What no machine has would wait for ever.
        machines = [node['Resources'] for node in self._ray.nodes() if node['Alive']]
        cpus = min(cpus, int(_most(machines, 'CPU', cpus)))
        memory = min(memory * GIB, _most(machines, 'memory', memory * GIB))
        num_gpus = int(_most(machines, 'GPU', 0))
        share: float = min(gpus, num_gpus)
        if share == 1 and self._own_jobs is not None:
            # The jobs on the fullest GPU: 3 jobs on 2 GPUs are 2 and 1.
            share = 1 / max(1, math.ceil(self._own_jobs / num_gpus))
        self._jobs[key] = _Job(function, args, memory, cpus, share)
        self._start(key)

    def wait(self) -> tuple[str, Any]:
        """See :class:`~.launcher.Launcher`."""
        while True:
            (reference,), _ = self._ray.wait([*self._running], num_returns=1)
            key = self._running.pop(reference)
            try:
                return key, self._ray.get(reference)
            except self._died() as error:
                if self._jobs[key].starts >= MAX_STARTS:
                    return key, error
                print_log(
                    f'{key}: its worker died ({type(error).__name__}); it is started again',
                    logger='current',
                    level=logging.WARNING,
                )
                self._start(key)
            except self._ray.exceptions.RayTaskError as error:
                return key, error.cause if error.cause is not None else error

    def close(self) -> None:
        """Leave the cluster, or end the one that was started here."""
        self._ray.shutdown()

    def _start(self, key: str) -> None:
        job = self._jobs[key]
        job.starts += 1
        task = self._ray.remote(_call).options(
            num_cpus=job.cpus,
            num_gpus=job.gpus,
            memory=int(job.memory),
            max_retries=0,
            name=key,
        )
        self._running[task.remote(job.function, job.args)] = key

    def _died(self) -> tuple[type[Exception], ...]:
        exceptions = self._ray.exceptions
        return (
            exceptions.WorkerCrashedError,
            exceptions.NodeDiedError,
            exceptions.OutOfMemoryError,
        )


def _most(
    machines: Sequence[Mapping[str, float]], resource: str, default: float
) -> float:
    """What the largest machine has of a resource; one task runs on one machine."""
    amounts = (machine[resource] for machine in machines if resource in machine)
    return max(amounts, default=default)


def _call(function: Callable[..., Any], args: tuple) -> Any:
    """The task: Ray takes a function, and no other callable such as a ``partial``."""
    return function(*args)
