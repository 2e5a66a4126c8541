from freehold._gen.nrppa import *  # noqa: F403
