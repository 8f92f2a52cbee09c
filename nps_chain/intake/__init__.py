"""Reading the landing folder: every file parsed once into the raw folder."""
