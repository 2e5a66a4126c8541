from freehold._gen.rrc import *  # noqa: F403
