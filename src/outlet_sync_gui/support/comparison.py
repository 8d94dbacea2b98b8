"""What a business day beside headquarters comes to, in one sentence; the window and the command line say the same."""

from collections.abc import Iterable

from outlet_sync_gui import words
from outlet_sync_gui.sync.reconcile import ORDER, Reconciled, Told


def verdict(found: Reconciled) -> str:
    """Whether headquarters has the day as it is here, and what it lacks."""
    beside = words.Beside(
        missing=(len(found.missing), _rupiah(found.missing)),
        different=len(found.different),
        only_there=(len(found.only_there), _rupiah(found.only_there)),
        unsent=found.unsent,
        skipped=found.skipped,
    )
    return words.compared(beside, orders=found.ours.orders)


def _rupiah(told: Iterable[Told]) -> int:
    """The orders' rupiah: a payment is the same money once more."""
    return sum(int(each.amount) for each in told if each.kind == ORDER)
