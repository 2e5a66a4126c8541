"""The procedures of an SMF, one coroutine each in the order of its call flow."""
