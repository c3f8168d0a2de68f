"""`stagedoor run`: everything on one machine, under supervisor, from an empty folder to an open shop and back."""
