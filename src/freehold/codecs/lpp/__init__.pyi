from freehold._gen.lpp import *  # noqa: F403
