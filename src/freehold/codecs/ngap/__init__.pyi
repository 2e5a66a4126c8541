from freehold._gen.ngap import *  # noqa: F403
