"""People: their identities hashed while files are read, their rows taken out when they ask for it."""
