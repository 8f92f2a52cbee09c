"""What a build hands on to the next, even if that makes everything anew: the keys of customers and how they changed."""

from nps_chain.memory import connect
from nps_chain.people import registry
from nps_chain.raw_folder import CUSTOMER_BUILDS, CUSTOMER_CHANGES, CUSTOMER_KEYS, KEPT, parts_sql
from nps_chain.settings import Settings
from nps_chain.sql_quoting import literal

# The model behind each part, with its schema.
MODELS = {
    CUSTOMER_KEYS: ("intermediate", "int_customer_node"),
    CUSTOMER_CHANGES: ("marts", "dim_customer_change"),
    CUSTOMER_BUILDS: ("intermediate", "int_customer_build"),
}


def keep_customers(settings: Settings) -> None:
    """Keep which key each customer has, once readers have them."""
    with connect(settings.temporary) as connection:
        connection.execute(f"attach {literal(str(settings.work_database))} as work (read_only)")
        queries = {name: f"select {_columns(name)} from {_relation(settings, name)}" for name in MODELS}
        # who shares an address with many is nobody
        queries[CUSTOMER_KEYS] += " where customer_key is not null"
        registry.keep(connection, settings.kept, queries)


def _columns(name: str) -> str:
    return ", ".join(column.split(" ")[0] for column in KEPT[name].split(", "))


def _relation(settings: Settings, name: str) -> str:
    """The model's table: Spark's, if it made the last build, since every other build removes those."""
    schema, model = MODELS[name]
    parts = sorted((settings.spark / f"{schema}.db" / model).glob("*.parquet"))
    return parts_sql(parts) if parts else f"work.{schema}.{model}"
