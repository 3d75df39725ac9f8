"""The proof: the real handlers and use cases in a world of virtual time where everything fails."""
