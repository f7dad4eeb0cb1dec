"""What a node's chain reports, an endpoint passed over or a transaction replaced, as lines of the node's log."""

import logging

from bema_py.node.log import Log


class ChainLog(logging.Handler):
    """Hands each report to the node's log."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one report."""
        self._log.warning("chain", report=record.getMessage())


def report_to(log: Log) -> None:
    """Have everything under `bema_py.chain` reported to a node's log, and nowhere else."""
    logger = logging.getLogger("bema_py.chain")
    logger.handlers = [ChainLog(log)]
    logger.propagate = False
