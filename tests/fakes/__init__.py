"""Stand-ins for the world. Each is held to the real thing by a contract test or by its protocol."""
