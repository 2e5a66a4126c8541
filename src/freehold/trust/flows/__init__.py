"""Who talks to whom: declared, enforced and counted by the kernel, and anything else refused by name."""

from freehold.trust.flows.policy import ANY, Flow, Policy
from freehold.trust.flows.report import Counted, Counts, verdict

__all__ = ["ANY", "Counted", "Counts", "Flow", "Policy", "verdict"]
