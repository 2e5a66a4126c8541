from freehold._gen.xnap import *  # noqa: F403
