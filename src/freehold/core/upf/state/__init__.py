"""What the user plane function remembers: its peers, and of each session what its packet engine does not know."""

from freehold.core.upf.state.association import Association
from freehold.core.upf.state.measuring import Mark, Measurement, Urr
from freehold.core.upf.state.rules import Bar, Far, Pdr, Qer, RuleSet
from freehold.core.upf.state.session import Session

__all__ = ["Association", "Bar", "Far", "Mark", "Measurement", "Pdr", "Qer", "RuleSet", "Session", "Urr"]
