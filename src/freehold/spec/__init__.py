"""What every part knows: identities, causes, timers, counters, events, errors."""
