"""A whole company on one machine, for development and for showing: what `portal dev` runs. Never used in production."""
