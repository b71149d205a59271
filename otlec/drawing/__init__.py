"""Pictures: the only folder that draws, and the only one that imports matplotlib."""
