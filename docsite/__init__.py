"""The documentation site: the pages of docs/, the picture of the star, and dbt's own pages of the models."""
