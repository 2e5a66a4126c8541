from freehold._gen.e1ap import *  # noqa: F403
