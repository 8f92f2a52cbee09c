"""The same answers in polars, as somebody fluent in it would write them: lazy scans, joins and groups over all cores.

`python -m bench.with_polars --landing folder --out folder`
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from bench import tail
from bench.answers import run_alone
from bench.tail import CATEGORIES

Schema = Mapping[str, pl.DataType | type[pl.DataType]]

FAR = pl.date(2100, 12, 31)
YEAR = 365
CUSTOMER_KEYS = ["chain", "customer"]
ORDER_COLUMNS = ["chain", "partner_code", "customer", "day", "margin"]
FLAGS = ["is_paid", "is_kept", "is_return", "meets_maker", "meets_importer"]
INVITATION_COLUMNS = ["link", "chain", "partner_code", "sent_on", "is_delivered", "answered_on", "score", "customer"]
CALLER = pl.Struct(dict.fromkeys(("email", "phone", "serial_number", "shop_code", "loyalty_no"), pl.String))
AMOUNTS = {"revenue": pl.Float64, "cost": pl.Float64, "currency": pl.String}
PEOPLE = {"name": pl.String, "email": pl.String, "phone": pl.String, "segment": pl.String}
DEALER_PEOPLE = {"customer_no": pl.String, **PEOPLE, "customer_since": pl.Date}
SHOP_PEOPLE = {"loyalty_no": pl.String, **PEOPLE, "member_since": pl.Date}
SALES = {
    "order_no": pl.String,
    "customer_no": pl.String,
    "serial_number": pl.String,
    "order_kind": pl.String,
    "delivered_on": pl.Date,
    **AMOUNTS,
}
SERVICES = {
    "order_no": pl.String,
    "customer_no": pl.String,
    "serial_number": pl.String,
    "completed_on": pl.Date,
    "payer": pl.String,
    **AMOUNTS,
}
RECEIPTS = {
    "receipt_no": pl.String,
    "receipt_kind": pl.String,
    "purchased_on": pl.Date,
    "loyalty_no": pl.String,
    "product_code": pl.String,
    **AMOUNTS,
}
OWNERS = {
    "uitnodigingsnummer": pl.String,
    "chassisnummer": pl.String,
    "e_mail": pl.String,
    "telefoon": pl.String,
    "verzonden_op": pl.String,
    "kanaal": pl.String,
    "beantwoord_op": pl.String,
    "cijfer": pl.Int64,
    "nog_eigenaar": pl.String,
}
DEALER_SURVEYS = {
    "invitation_no": pl.String,
    "order_no": pl.String,
    "customer_no": pl.String,
    "sent_at": pl.String,
    "survey_mode": pl.String,
    "answered_at": pl.String,
    "score": pl.Int64,
}
SHOP_SURVEYS = {
    "answer_no": pl.String,
    "answered_at": pl.String,
    "receipt_no": pl.String,
    "loyalty_no": pl.String,
    "email": pl.String,
    "survey_mode": pl.String,
    "score": pl.Int64,
}
# columns that no answer needs, and that the scan can pass over
UNUSED = ("name", "order_no", "receipt_no", "invitation_no", "answer_no", "survey_mode", "uitnodigingsnummer", "kanaal")
# the tiers' names for the same thing
NAMES = {
    "customer_no": "number",
    "loyalty_no": "number",
    "customer_since": "since",
    "member_since": "since",
    "delivered_on": "day",
    "completed_on": "day",
    "purchased_on": "day",
    "chassisnummer": "serial_number",
    "e_mail": "email",
    "telefoon": "phone",
    "verzonden_op": "sent_on",
    "beantwoord_op": "answered_on",
    "cijfer": "score",
}


def answer(landing: Path, out: Path, key: str) -> None:
    """Read, resolve, follow and judge."""
    world = Answers(landing, key)
    followed = world.followed()
    exits = followed.group_by("chain", "link", "category", "measure", "duration").agg(
        events=pl.col("is_event").sum().cast(pl.Int64), censored=(~pl.col("is_event")).sum().cast(pl.Int64)
    )
    curve = tail.curves(exits.to_pandas())
    cells = world.cells().to_pandas()
    tables = tail.nps_tables(cells)
    tables["retention"] = tail.retention(curve)
    trailing = (str(world.trailing_from), str(world.trailing_to))
    buckets = world.buckets(followed, pl.from_pandas(curve))
    tables["weakest_link"] = tail.verdict(buckets.to_pandas(), world.resolved(followed).to_pandas(), cells, trailing)
    tail.write(tables, out)


class Answers:
    """The landing folder in memory, and what follows from it."""

    def __init__(self, landing: Path, key: str) -> None:
        self.landing, self.key = landing, key
        self.chains = pl.from_pandas(tail.chains())
        self.partners = pl.read_csv(landing / "chain/partners.csv", infer_schema=False).join(
            self.chains, on=["industry", "country"], how="left"
        )
        self.rates = pl.read_csv(landing / "chain/exchange_rates.csv", schema_overrides={"month": pl.String})
        self.windows = self.chains.select("chain", "window")
        self._read_people()
        self._read_orders()
        self._read_surveys()
        self._resolve()
        self.as_of = max(_last_day(frame) for frame in (self.bought, self.called, self.responses))
        days = pl.select(
            quarter=(pl.lit(self.as_of) + pl.duration(days=1)).dt.truncate("1q").cast(pl.Date)
        ).with_columns(pl.col("quarter").dt.offset_by("-1y").alias("start"))
        self.trailing_from = days["start"][0]
        self.trailing_to = days.select(pl.col("quarter") - pl.duration(days=1)).item()

    # ------------------------------------------------------------------------------------------- reading

    def _placed(self, frame: pl.LazyFrame) -> pl.DataFrame:
        """The rows, with the partner that their file's folder names, and its chain."""
        partners = self.partners.lazy().select("partner_code", "chain", "industry")
        return (
            frame.with_columns(partner_code=pl.col("path").str.split("/").list.get(-2))
            .drop("path")
            .join(partners, on="partner_code")
            .collect()
        )

    def _csv(self, pattern: str, schema: Schema, separator: str = ",") -> pl.DataFrame:
        rows = pl.scan_csv(
            self.landing / pattern, schema=pl.Schema(schema), separator=separator, include_file_paths="path"
        )
        rows = rows.drop(name for name in UNUSED if name in schema)
        return self._placed(rows.rename({name: NAMES[name] for name in schema if name in NAMES}))

    def _json(self, pattern: str, schema: Schema) -> pl.DataFrame:
        return self._placed(pl.scan_ndjson(self.landing / pattern, schema=pl.Schema(schema), include_file_paths="path"))

    def _parquet(self, pattern: str) -> pl.DataFrame:
        return self._placed(pl.scan_parquet(self.landing / pattern, include_file_paths="path"))

    def _keyed(self, frame: pl.DataFrame, kind: str, column: str, values: pl.Expr) -> pl.DataFrame:
        """Put the keyed hash of a text in a column; made once for each text that differs."""
        frame = frame.with_columns(values.alias("_text"))
        distinct = frame.select("_text").drop_nulls().unique()
        prefix = f"{self.key}|{kind}|"
        hashes = [int(hashlib.sha256((prefix + text).encode()).hexdigest()[:15], 16) for text in distinct["_text"]]
        hashed = distinct.with_columns(pl.Series("_hash", hashes, dtype=pl.Int64))
        joined = frame.join(hashed, on="_text", how="left")
        return joined.with_columns(pl.col("_hash").alias(column)).drop("_text", "_hash")

    def _customer(self, frame: pl.DataFrame) -> pl.DataFrame:
        return self._keyed(frame, "customer", "customer", pl.col("partner_code") + "|" + pl.col("number"))

    def _addressed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """All that a survey's row tells about whom it was sent to."""
        for column, kind in (("email", "email"), ("phone", "phone")):
            frame = self._keyed(frame, kind, column, pl.col(column))
        return self._keyed(frame, "serial", "serial", pl.col("serial_number"))

    def _margin(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The margin in millionths of a euro."""
        frame = frame.with_columns(month=pl.col("day").dt.strftime("%Y-%m")).join(
            self.rates, on=["currency", "month"], how="left"
        )
        rate = pl.col("eur_per_unit").fill_null(1)
        return frame.with_columns(margin=_half_up(pl.col("revenue") * rate) - _half_up(pl.col("cost") * rate))

    def _read_people(self) -> None:
        people = pl.concat(
            [self._csv("dealer/*/customers*.csv", DEALER_PEOPLE), self._csv("shop/*/customers*.csv", SHOP_PEOPLE)]
        )
        people = self._customer(people)
        for column in ("email", "phone"):
            people = self._keyed(people, column, column, pl.col(column))
        self.people = people

    def _read_orders(self) -> None:
        sales = self._csv("dealer/*/sales_orders*.csv", SALES)
        services = self._csv("dealer/*/service_orders*.csv", SERVICES)
        receipts = self._csv("shop/*/receipts*.csv", RECEIPTS).filter(pl.col("number").is_not_null())
        is_new, is_sale = pl.col("order_kind") == "new", pl.col("receipt_kind") == "sale"
        no, yes = pl.lit(False), pl.lit(True)
        self.sales = self._order(sales, yes, yes, no, is_new, is_new)
        is_paid = pl.col("payer") == "customer"
        self.services = self._order(services, is_paid, is_paid, no, no, no)
        is_product = is_sale & pl.col("product_code").is_not_null()
        self.receipts = self._take_back(
            self._order(receipts, is_sale, is_sale, ~is_sale, is_product, no, keep="revenue")
        )

    def _take_back(self, receipts: pl.DataFrame) -> pl.DataFrame:
        """Give a return the margin of the last purchase of its amount within 100 days; which purchases are left."""
        receipts = receipts.with_row_index("slip")
        sold = receipts.filter("is_paid").select("customer", "revenue", sold="slip", sold_on="day", taken="margin")
        back = receipts.filter("is_return").select("customer", "day", revenue=-pl.col("revenue"), back="slip")
        pairs = (
            back.join(sold, on=["customer", "revenue"])
            .filter((pl.col("day") - pl.col("sold_on")).dt.total_days().is_between(0, 100))
            .sort("sold_on")
            .unique("back", keep="last", maintain_order=True)
        )
        taken = pairs.select(slip="back", taken=-pl.col("taken"))
        return (
            receipts.join(taken, on="slip", how="left")
            .with_columns(
                margin=pl.coalesce("taken", "margin"),
                is_kept=pl.col("is_paid") & ~pl.col("slip").is_in(pairs["sold"].implode()),
            )
            .drop("slip", "taken", "revenue")
        )

    def _order(self, frame: pl.DataFrame, *flags: pl.Expr, keep: str | None = None) -> pl.DataFrame:
        frame = self._margin(self._customer(frame))
        if "serial_number" in frame.columns:
            frame = self._keyed(frame, "serial", "serial", pl.col("serial_number"))
        else:
            frame = frame.with_columns(serial=pl.lit(None, dtype=pl.Int64))
        named = [flag.alias(name) for name, flag in zip(FLAGS, flags, strict=True)]
        return frame.with_columns(named).select(*ORDER_COLUMNS, "serial", *FLAGS, *([keep] if keep else []))

    def _read_surveys(self) -> None:
        self.contacts = self._contacts()
        self.brand = self._brand()
        owners = self._csv("importer/*/eigenaarsonderzoek*.csv", OWNERS, separator=";").with_columns(
            pl.col("sent_on", "answered_on").str.to_date("%d-%m-%Y"),
            link=pl.lit("importer"),
            is_delivered=pl.lit(True),
        )
        self.owners = self._addressed(owners)
        parts = [
            self._csv(f"dealer/*/{name}*.csv", DEALER_SURVEYS) for name in ("post_sale_survey", "post_service_survey")
        ]
        self.dealer_surveys = self._customer(pl.concat(parts)).with_columns(
            sent_on=_day("sent_at"),
            answered_on=_day("answered_at"),
            link=pl.lit("dealer"),
            is_delivered=pl.lit(True),
        )
        shops = self._customer(self._csv("shop/*/survey*.csv", SHOP_SURVEYS)).with_columns(
            answered_on=_day("answered_at"), link=pl.lit("shop")
        )
        self.shop_surveys = self._keyed(shops, "email", "email", pl.col("email"))
        schema = {"contact_id": pl.String, "sent_at": pl.String, "answered_at": pl.String, "nps": pl.Int64}
        self.contact_surveys = self._json("contact_centre/*/surveys*.ndjson", schema).select(
            "partner_code",
            "contact_id",
            sent_on=_day("sent_at"),
            answered_on=_day("answered_at"),
            score=pl.col("nps"),
        )
        claims = self._of_country(self._parquet("manufacturer/*/warranty_claims*.parquet"))
        self.claims = self._keyed(claims, "serial", "serial", pl.col("serial_number")).select(
            "chain", "serial", day=pl.col("claimed_on")
        )

    def _of_country(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The chain of a row that names its country itself."""
        return frame.with_columns(chain=pl.col("industry") + "_" + pl.col("country").str.to_lowercase())

    def _contacts(self) -> pl.DataFrame:
        schema: Schema = {"contact_id": pl.String, "country": pl.String, "opened_at": pl.String, "caller": CALLER}
        contacts = self._of_country(self._json("contact_centre/*/contacts*.ndjson", schema)).unnest("caller")
        contacts = self._keyed(
            contacts, "customer", "customer", pl.col("shop_code") + "|" + pl.col("loyalty_no")
        ).with_columns(day=_day("opened_at"))
        return self._addressed(contacts)

    def _brand(self) -> pl.DataFrame:
        asked = self._of_country(self._parquet("manufacturer/*/survey_invitations*.parquet"))
        answers = self._parquet("manufacturer/*/survey_answers*.parquet").select(
            "partner_code",
            "invitation_id",
            answered_on=_day("answered_at"),
            score=pl.col("recommend_score").cast(pl.Int64),
        )
        brand = asked.join(answers, on=["partner_code", "invitation_id"], how="left").with_columns(
            sent_on=_day("sent_at"), link=pl.lit("manufacturer"), is_delivered=pl.col("disposition") == "delivered"
        )
        return self._addressed(brand)

    # ------------------------------------------------------------------------------------------- who is who

    def _resolve(self) -> None:
        self.ownership = self._ownership()
        serviced = self._owned(self.services, "day")
        self.contacts = self._owned(self.contacts, "day")
        self.brand, self.owners = self._owned(self.brand, "sent_on"), self._owned(self.owners, "sent_on")
        edges = [
            _pairs(self.people, ["customer", "email", "phone"]),
            _pairs(self.ownership, ["customer", "unit"]),
            _pairs(serviced, ["customer", "unit"]),
            _pairs(self.shop_surveys, ["customer", "email"]),
            _pairs(self.contacts, ["customer", "email", "phone", "unit"]),
        ]
        first_owner = pl.when(pl.col("owner_number") <= 1).then("unit")
        edges += [
            _pairs(surveys.with_columns(unit=first_owner), ["email", "phone", "unit"])
            for surveys in (self.brand, self.owners)
        ]
        tied = pl.concat(edges)
        nodes, labels = tail.smallest_tied(tied["a"].to_numpy(), tied["b"].to_numpy())
        self.labels = pl.DataFrame({"node": nodes, "label": labels})
        self._name_customers()

    def _ownership(self) -> pl.DataFrame:
        return self.sales.select(
            "chain",
            "serial",
            "customer",
            pl.col("day").alias("owned_from"),
            owner_number=pl.col("day").rank("ordinal").over("serial").cast(pl.Int64),
            owned_to=(pl.col("day").shift(-1).over("serial", order_by="day") - pl.duration(days=1)).fill_null(FAR),
        ).with_columns(unit=pl.col("serial") + pl.col("owner_number"))

    def _owned(self, events: pl.DataFrame, day: str) -> pl.DataFrame:
        """Which owner's the unit was on the day."""
        owners = self.ownership.select("serial", "owned_from", "owner_number").sort("owned_from")
        joined = events.sort(day).join_asof(
            owners, left_on=day, right_on="owned_from", by="serial", check_sortedness=False
        )
        return joined.with_columns(pl.col("owner_number").fill_null(0)).with_columns(
            unit=pl.col("serial") + pl.col("owner_number")
        )

    def _person(self, frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
        """Put the person in `customer`: whom the first identity that is given stands for."""
        named = frame.with_columns(_first=pl.coalesce(columns)).join(
            self.labels, left_on="_first", right_on="node", how="left"
        )
        return named.with_columns(customer=pl.coalesce("label", "_first")).drop("label", "_first")

    def _name_customers(self) -> None:
        columns = [*ORDER_COLUMNS, *FLAGS]
        orders = pl.concat([part.select(columns) for part in (self.sales, self.services, self.receipts)])
        self.bought = self._person(orders, ["customer"])
        self.people = self._person(self.people, ["customer"])
        self.called = self._person(self.contacts, ["customer", "email", "phone", "unit"])
        self.ownership = self._person(self.ownership, ["customer"])
        addressed = [self._person(part, ["email", "phone", "unit"]) for part in (self.brand, self.owners)]
        called = self.contact_surveys.join(
            self.called.select("partner_code", "contact_id", "chain", "customer"), on=["partner_code", "contact_id"]
        ).with_columns(link=pl.lit("contact_centre"), is_delivered=pl.lit(True))
        parts = [*addressed, self._person(self.dealer_surveys, ["customer"]), called]
        self.asked = pl.concat([part.select(INVITATION_COLUMNS) for part in parts])
        columns = ["link", "chain", "partner_code", "customer", "answered_on", "score"]
        shops = self._person(self.shop_surveys, ["customer", "email"])
        responses = [self.asked.filter(pl.col("score").is_not_null()).select(columns), shops.select(columns)]
        promoter, passive, detractor = (pl.lit(category) for category in CATEGORIES)
        self.responses = pl.concat(responses).with_columns(
            day=pl.col("answered_on"),
            category=pl.when(pl.col("score") >= 9)
            .then(promoter)
            .when(pl.col("score") >= 7)
            .then(passive)
            .otherwise(detractor),
        )

    # ------------------------------------------------------------------------------------------- figures

    def cells(self) -> pl.DataFrame:
        """Counts per link, partner and quarter."""
        keys = ["chain", "link", "partner_code", "quarter_start_on"]
        is_answered = pl.col("is_delivered") & pl.col("score").is_not_null()
        asked = self.asked.group_by(*keys[:3], pl.col("sent_on").dt.truncate("1q").alias(keys[3])).agg(
            invitations=pl.len(), delivered=pl.col("is_delivered").sum(), answered=is_answered.sum()
        )
        counts = {f"{category}s": (pl.col("category") == category).sum() for category in CATEGORIES}
        answered = self.responses.group_by(*keys[:3], pl.col("day").dt.truncate("1q").alias(keys[3])).agg(
            responses=pl.len(), **counts
        )
        joined = asked.join(answered, on=keys, how="full", coalesce=True)
        return joined.with_columns(pl.exclude(keys).fill_null(0).cast(pl.Int64))

    def followed(self) -> pl.DataFrame:
        """Every response until its customer came back or was lost sight of."""
        anchors = self.responses.filter(pl.col("customer").is_not_null(), pl.col("day") < self.as_of).with_row_index()
        ends = (
            anchors.select("index", *CUSTOMER_KEYS, "day")
            .join(self.ownership, on=CUSTOMER_KEYS)
            .filter(pl.col("day") >= pl.col("owned_from"), pl.col("day") < pl.col("owned_to"))
            .group_by("index")
            .agg(pl.col("owned_to").max())
        )
        anchors = anchors.join(ends, on="index", how="left").with_columns(
            followed_to=pl.min_horizontal(pl.col("owned_to").fill_null(self.as_of), pl.lit(self.as_of))
        )
        paid = self.bought.filter("is_kept").select(*CUSTOMER_KEYS, "partner_code", next_on="day").sort("next_on")
        anchors = anchors.sort("day")
        sellers = anchors.filter(pl.col("link").is_in(["dealer", "shop"]))
        parts = [
            self._next(anchors, paid, CUSTOMER_KEYS, "chain"),
            self._next(sellers, paid, [*CUSTOMER_KEYS, "partner_code"], "partner"),
        ]
        is_event = (pl.col("next_on") <= pl.col("followed_to")).fill_null(False)
        end = pl.when("is_event").then("next_on").otherwise("followed_to")
        return (
            pl.concat(parts)
            .with_columns(is_event=is_event)
            .with_columns(
                duration=(end - pl.col("day")).dt.total_days(),
                is_trailing=pl.col("day").is_between(self.trailing_from, self.trailing_to),
            )
            .filter(pl.col("duration") > 0)
            .join(self.windows, on="chain")
        )

    def _next(self, anchors: pl.DataFrame, paid: pl.DataFrame, by: list[str], measure: str) -> pl.DataFrame:
        """The first purchase after the day of the response."""
        columns = ["link", *CUSTOMER_KEYS, "partner_code", "day", "category", "followed_to"]
        joined = anchors.select(columns).join_asof(
            paid.select(*by, "next_on"),
            left_on="day",
            right_on="next_on",
            by=by,
            strategy="forward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        return joined.select(*columns, "next_on", measure=pl.lit(measure))

    def resolved(self, followed: pl.DataFrame) -> pl.DataFrame:
        """What the followed responses of a link and category suffice for."""
        return (
            followed.filter(pl.col("measure") == "chain")
            .group_by("chain", "link", "window", "category")
            .agg(
                responses=pl.len(),
                trailing=pl.col("is_trailing").sum(),
                followed_to=pl.col("duration").max(),
                open=(~pl.col("is_event") & (pl.col("duration") < pl.col("window"))).sum(),
            )
        )

    def buckets(self, followed: pl.DataFrame, curve: pl.DataFrame) -> pl.DataFrame:
        """All that the bootstrap needs, added up per stratum and bucket of customers."""
        known = self._known()
        stacked = pl.concat([self._scored(followed, curve, known), self._exposed(known)], how="diagonal")
        keys = [*tail.STRATUM, "bucket"]
        return stacked.group_by(keys).agg(pl.col(name).sum().cast(pl.Float64) for name in tail.FIGURES)

    def _known(self) -> pl.DataFrame:
        """Since when a customer is known to a chain, and as what."""
        seen = [
            self.people.select(*CUSTOMER_KEYS, day="since"),
            self.bought.select(*CUSTOMER_KEYS, "day"),
            self.called.select(*CUSTOMER_KEYS, "day"),
            self.asked.select(*CUSTOMER_KEYS, day="sent_on"),
            self.responses.select(*CUSTOMER_KEYS, "day"),
        ]
        first = pl.concat(seen).drop_nulls("customer").group_by(CUSTOMER_KEYS).agg(first_on=pl.col("day").min())
        segment = self.people.group_by(CUSTOMER_KEYS).agg(pl.col("segment").min())
        return first.join(segment, on=CUSTOMER_KEYS, how="left").with_columns(pl.col("segment").fill_null("unknown"))

    def _scored(self, followed: pl.DataFrame, curve: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
        keys = ["chain", "link", "category", "measure", "duration"]
        came_back = pl.col("is_event") & (pl.col("duration") <= pl.col("window"))
        retained = pl.when(came_back).then((1e9 / pl.col("uncensored")).round()).otherwise(0)
        scored = (
            followed.filter(pl.col("measure") == "chain")
            .join(known, on=CUSTOMER_KEYS)
            .join(curve.select(*keys, "uncensored"), on=keys)
            .with_columns(
                retained=retained,
                band=_band((pl.col("day") - pl.col("first_on")).dt.total_days()),
                bucket=pl.col("customer") % tail.BUCKETS,
            )
        )
        scored = self._margins(scored)
        sums = {"retained_with_margin": pl.col("margin").count(), "margin": pl.col("margin").sum()}
        for category in CATEGORIES:
            is_one = pl.col("category") == category
            sums[f"{category}s"] = is_one.sum()
            sums[f"trailing_{category}s"] = (is_one & pl.col("is_trailing")).sum()
            sums[f"retained_{category}s"] = pl.col("retained").filter(is_one).sum()
        added = scored.group_by(*tail.STRATUM, "bucket").agg(**sums)
        return added.with_columns(pl.exclude(*tail.STRATUM, "bucket").cast(pl.Float64))

    def _exposed(self, known: pl.DataFrame) -> pl.DataFrame:
        met = (
            self._meetings()
            .filter(pl.col("day").is_between(pl.lit(self.trailing_from), pl.lit(self.trailing_to)))
            .group_by("chain", "link", "customer")
            .agg(last_on=pl.col("day").max())
            .join(known, on=CUSTOMER_KEYS)
            .with_columns(
                band=_band((pl.col("last_on") - pl.col("first_on")).dt.total_days()),
                bucket=pl.col("customer") % tail.BUCKETS,
            )
        )
        added = met.group_by(*tail.STRATUM, "bucket").agg(exposed=pl.len())
        return added.with_columns(pl.exclude(*tail.STRATUM, "bucket").cast(pl.Float64))

    def _meetings(self) -> pl.DataFrame:
        is_dealer = pl.col("chain").str.starts_with("automotive")
        seller = pl.when(is_dealer).then(pl.lit("dealer")).otherwise(pl.lit("shop"))
        owners = self.ownership.select("serial", "owned_from", "customer").sort("owned_from")
        claims = self.claims.sort("day").join_asof(
            owners, left_on="day", right_on="owned_from", by="serial", check_sortedness=False
        )
        columns = [*CUSTOMER_KEYS, "day"]
        parts = [
            self.bought.select(*columns, link=seller),
            self.bought.filter("meets_maker").select(*columns, link=pl.lit("manufacturer")),
            self.bought.filter("meets_importer").select(*columns, link=pl.lit("importer")),
            self.called.select(*columns, link=pl.lit("contact_centre")),
            self.asked.select(*CUSTOMER_KEYS, pl.col("sent_on").alias("day"), "link"),
            claims.select(*columns, link=pl.lit("manufacturer")),
        ]
        return pl.concat(parts).drop_nulls("customer")

    def _margins(self, scored: pl.DataFrame) -> pl.DataFrame:
        """With what who came back left in the window after the answer; null where it has not been seen whole."""
        so_far = (
            self.bought.filter("is_kept")
            .drop_nulls("customer")
            .sort(*CUSTOMER_KEYS, "day")
            .select(*CUSTOMER_KEYS, "day", so_far=pl.col("margin").cum_sum().over(CUSTOMER_KEYS))
            .sort("day")
        )
        scored = scored.with_columns(last_on=pl.col("day") + pl.duration(days="window"))
        for on, name in (("day", "before"), ("last_on", "after")):
            scored = scored.sort(on).join_asof(
                so_far.select(*CUSTOMER_KEYS, pl.col("day").alias("bought_on"), pl.col("so_far").alias(name)),
                left_on=on,
                right_on="bought_on",
                by=CUSTOMER_KEYS,
                check_sortedness=False,
            )
            scored = scored.drop("bought_on", strict=False)
        left = pl.col("after").fill_null(0) - pl.col("before").fill_null(0)
        counts = pl.col("is_event") & (pl.col("duration") <= pl.col("window")) & (pl.col("last_on") <= self.as_of)
        return scored.with_columns(margin=pl.when(counts).then(left))


def _last_day(frame: pl.DataFrame) -> date:
    last = frame["day"].max()
    if not isinstance(last, date):
        raise ValueError("nothing happened on any day")
    return last


def _half_up(euros: pl.Expr) -> pl.Expr:
    """Whole numbers; a hair is added, since binary fractions of exact halves lie on either side."""
    return ((euros.abs() * tail.MILLIONTHS + 0.5 + 1e-7).floor() * euros.sign()).cast(pl.Int64)


def _day(column: str) -> pl.Expr:
    return pl.col(column).str.slice(0, 10).str.to_date("%Y-%m-%d")


def _band(days: pl.Expr) -> pl.Expr:
    return pl.when(days < YEAR).then(1).when(days < 3 * YEAR).then(2).otherwise(3)


def _pairs(frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """The identities that stand in one row, two by two."""
    pairs = [
        frame.select(a=left, b=right).drop_nulls().unique()
        for place, left in enumerate(columns)
        for right in columns[place + 1 :]
    ]
    return pl.concat(pairs)


if __name__ == "__main__":
    run_alone(answer, __doc__)
