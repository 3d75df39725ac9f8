"""What callscribe does, one module a verb; two triggers share one use case."""
