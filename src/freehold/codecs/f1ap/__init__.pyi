from freehold._gen.f1ap import *  # noqa: F403
