"""The course of a build: the demo data, the engines, dbt, and what the next build can add to."""
