"""Why something failed: the cause, the rule that fired, and the change that would end it."""
