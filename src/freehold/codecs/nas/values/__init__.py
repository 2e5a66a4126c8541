"""The typed values of information elements, by the subclauses of TS 24.501 9.11."""
