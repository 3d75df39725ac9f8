"""What the use cases ask of the world, by subject. The adapters implement these; tests have their own."""
