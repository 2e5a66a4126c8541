from freehold._gen.e2ap import *  # noqa: F403
