"""The same answers in pandas, as somebody fluent in it would write them: whole files in memory, no loop over rows.

`python -m bench.with_pandas --landing folder --out folder`
"""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench import tail
from bench.answers import run_alone
from bench.tail import CATEGORIES

NOBODY = -1
FAR = pd.Timestamp("2100-12-31")
DAY = pd.Timedelta(days=1)
# columns that no answer needs
UNUSED = {"name", "order_no", "receipt_no", "invitation_no", "answer_no", "survey_mode", "uitnodigingsnummer", "kanaal"}
CUSTOMER_COLUMNS = ["customer_no", "name", "email", "phone", "segment", "since"]
INVITATION_COLUMNS = ["link", "chain", "partner_code", "sent_on", "is_delivered", "answered_on", "score", "customer"]


def answer(landing: Path, out: Path, key: str) -> None:
    """Read, resolve, follow and judge."""
    world = Answers(landing, key)
    cells = world.cells()
    followed = world.followed()
    curve = tail.curves(_exits(followed))
    tables = tail.nps_tables(cells)
    tables["retention"] = tail.retention(curve)
    trailing = (str(world.trailing_from.date()), str(world.trailing_to.date()))
    tables["weakest_link"] = tail.verdict(world.buckets(followed, curve), world.resolved(followed), cells, trailing)
    tail.write(tables, out)


def _exits(followed: pd.DataFrame) -> pd.DataFrame:
    keys = ["chain", "link", "category", "measure", "duration"]
    counted = followed.groupby(keys, as_index=False, observed=True).agg(
        exits=("is_event", "size"), events=("is_event", "sum")
    )
    return counted.assign(censored=counted["exits"] - counted["events"])


class Answers:
    """The landing folder in memory, and what follows from it."""

    def __init__(self, landing: Path, key: str) -> None:
        self.landing, self.key = landing, key
        self.chains = tail.chains()
        partners = pd.read_csv(landing / "chain/partners.csv", dtype=str, keep_default_na=False)
        self.partners = partners.merge(self.chains, on=["industry", "country"], how="left").set_index("partner_code")
        rates = pd.read_csv(landing / "chain/exchange_rates.csv")
        self.rates = rates.set_index(["currency", "month"])["eur_per_unit"]
        self._read_people()
        self._read_orders()
        self._read_surveys()
        self._resolve()
        self.as_of = max(self.bought["day"].max(), self.called["day"].max(), self.responses["day"].max())
        quarter = (self.as_of + DAY).to_period("Q").start_time
        self.trailing_from, self.trailing_to = quarter - pd.DateOffset(years=1), quarter - DAY

    # ------------------------------------------------------------------------------------------- reading

    def _read(self, pattern: str, read: Callable[[Path], pd.DataFrame]) -> pd.DataFrame:
        """Every file of a data set, with the partner that its folder names, and its chain."""
        files = sorted(self.landing.glob(pattern))
        frame = pd.concat([read(file).assign(partner_code=file.parent.name) for file in files], ignore_index=True)
        frame["chain"] = frame["partner_code"].map(self.partners["chain"])
        return frame

    def _csv(self, pattern: str, dates: list[str], **options: Any) -> pd.DataFrame:
        text = dict.fromkeys(("order_no", "customer_no", "loyalty_no", "phone", "telefoon", "email", "e_mail"), str)
        read = partial(
            pd.read_csv,
            dtype=text,
            keep_default_na=False,
            na_values=[""],
            usecols=lambda name: name not in UNUSED,
            **options,
        )
        frame = self._read(pattern, read)
        for column in dates:
            frame[column] = pd.to_datetime(frame[column], dayfirst="sep" in options).dt.normalize()
        return frame

    def _keyed(self, kind: str, values: pd.Series) -> np.ndarray:
        """The keyed hash of every value, made once for each that differs."""
        places, distinct = pd.factorize(values)
        prefix = f"{self.key}|{kind}|"
        hashes = [int(hashlib.sha256((prefix + value).encode()).hexdigest()[:15], 16) for value in distinct]
        return np.array([*hashes, NOBODY], dtype=np.int64)[places]

    def _customer(self, frame: pd.DataFrame, partner: str, number: str) -> np.ndarray:
        return self._keyed("customer", frame[partner] + "|" + frame[number])

    def _euros(self, frame: pd.DataFrame, day: str) -> pd.Series:
        """The margin in euros; both amounts are rounded to millionths, halves away from zero."""
        month = frame[day].dt.strftime("%Y-%m")
        rate = self.rates.reindex(pd.MultiIndex.from_arrays([frame["currency"], month])).to_numpy()
        rate = np.where(frame["currency"] == "EUR", 1, rate)
        revenue, cost = (_half_up(frame[amount].to_numpy() * rate * tail.MILLIONTHS) for amount in ("revenue", "cost"))
        return pd.Series(revenue - cost, index=frame.index)

    def _read_people(self) -> None:
        dealers = self._csv("dealer/*/customers*.csv", ["customer_since"])
        shops = self._csv("shop/*/customers*.csv", ["member_since"])
        shops = shops.rename(columns={"loyalty_no": "customer_no", "member_since": "customer_since"})
        people = pd.concat([dealers, shops], ignore_index=True)
        people["customer"] = self._customer(people, "partner_code", "customer_no")
        people["email"] = self._keyed("email", people["email"])
        people["phone"] = self._keyed("phone", people["phone"])
        self.people = people

    def _read_orders(self) -> None:
        sales = self._csv("dealer/*/sales_orders*.csv", ["delivered_on"]).rename(columns={"delivered_on": "day"})
        services = self._csv("dealer/*/service_orders*.csv", ["completed_on"]).rename(columns={"completed_on": "day"})
        receipts = self._csv("shop/*/receipts*.csv", ["purchased_on"]).rename(columns={"purchased_on": "day"})
        receipts = receipts[receipts["loyalty_no"].notna()].rename(columns={"loyalty_no": "customer_no"})
        for orders in (sales, services, receipts):
            orders["margin"] = self._euros(orders, "day")
            orders["customer"] = self._customer(orders, "partner_code", "customer_no")
            if "serial_number" in orders:
                orders["serial"] = self._keyed("serial", orders["serial_number"])
        is_new = sales["order_kind"] == "new"
        self.sales = sales.assign(is_kept=True, meets_maker=is_new, meets_importer=is_new)
        self.services = services.assign(
            is_kept=services["payer"] == "customer",
            meets_maker=False,
            meets_importer=False,
        )
        is_sale = receipts["receipt_kind"] == "sale"
        is_kept = self._take_back(receipts, is_sale)
        self.receipts = receipts.assign(
            is_kept=is_kept,
            meets_maker=is_sale & receipts["product_code"].notna(),
            meets_importer=False,
        )

    def _take_back(self, receipts: pd.DataFrame, is_sale: pd.Series) -> pd.Series:
        """Give a return the margin of the last purchase of its amount within 100 days; which purchases are left."""
        columns = ["customer", "day", "revenue"]
        sold = receipts.loc[is_sale, [*columns, "margin"]].rename_axis("sold").reset_index()
        back = receipts.loc[~is_sale, columns].rename_axis("back").reset_index()
        back["revenue"] = -back["revenue"]
        pairs = back.merge(sold, on=["customer", "revenue"], suffixes=("", "_sold"))
        days = (pairs["day"] - pairs["day_sold"]).dt.days
        pairs = pairs[days.between(0, 100)].sort_values("day_sold", kind="stable").drop_duplicates("back", keep="last")
        receipts.loc[pairs["back"], "margin"] = -pairs["margin"].to_numpy()
        return is_sale & ~receipts.index.isin(pairs["sold"])

    def _read_surveys(self) -> None:
        self.contacts = self._contacts()
        self.brand = self._brand()
        owners = self._csv(
            "importer/*/eigenaarsonderzoek*.csv", ["verzonden_op", "beantwoord_op"], sep=";", encoding="windows-1252"
        )
        names = {"verzonden_op": "sent_on", "beantwoord_op": "answered_on", "cijfer": "score"}
        owners = owners.rename(columns=names).assign(link="importer", is_delivered=True)
        owners["email"] = self._keyed("email", owners["e_mail"])
        owners["phone"] = self._keyed("phone", owners["telefoon"])
        owners["serial"] = self._keyed("serial", owners["chassisnummer"])
        self.owners = owners
        dealers = self._csv("dealer/*/post_s*_survey*.csv", ["sent_at", "answered_at"])
        dealers = dealers.rename(columns={"sent_at": "sent_on", "answered_at": "answered_on"})
        self.dealer_surveys = dealers.assign(
            link="dealer", is_delivered=True, customer=self._customer(dealers, "partner_code", "customer_no")
        )
        shops = self._csv("shop/*/survey*.csv", ["answered_at"]).rename(columns={"answered_at": "answered_on"})
        shops["customer"] = self._customer(shops, "partner_code", "loyalty_no")
        shops["email"] = self._keyed("email", shops["email"])
        self.shop_surveys = shops.assign(link="shop")
        surveys = self._read("contact_centre/*/surveys*.ndjson", partial(pd.read_json, lines=True, dtype=False))
        self.contact_surveys = surveys.assign(
            sent_on=pd.to_datetime(surveys["sent_at"]).dt.normalize(),
            answered_on=pd.to_datetime(surveys["answered_at"]).dt.normalize(),
            score=surveys["nps"].astype(float),
        )
        claims = self._read("manufacturer/*/warranty_claims*.parquet", pd.read_parquet)
        self.claims = pd.DataFrame(
            {
                "chain": self._chain_of_country(claims),
                "serial": self._keyed("serial", claims["serial_number"]),
                "day": pd.to_datetime(claims["claimed_on"]),
            }
        )

    def _chain_of_country(self, frame: pd.DataFrame) -> pd.Series:
        """The chain of a row that names its country itself."""
        return frame["partner_code"].map(self.partners["industry"]) + "_" + frame["country"].str.lower()

    def _contacts(self) -> pd.DataFrame:
        contacts = self._read("contact_centre/*/contacts*.ndjson", partial(pd.read_json, lines=True, dtype=False))
        callers = pd.DataFrame(contacts["caller"].tolist(), dtype=object)
        return pd.DataFrame(
            {
                "chain": self._chain_of_country(contacts),
                "partner_code": contacts["partner_code"],
                "contact_id": contacts["contact_id"],
                "day": pd.to_datetime(contacts["opened_at"]).dt.normalize(),
                "customer": self._customer(callers, "shop_code", "loyalty_no"),
                "email": self._keyed("email", callers["email"]),
                "phone": self._keyed("phone", callers["phone"]),
                "serial": self._keyed("serial", callers["serial_number"]),
            }
        )

    def _brand(self) -> pd.DataFrame:
        asked = self._read("manufacturer/*/survey_invitations*.parquet", pd.read_parquet)
        answers = self._read("manufacturer/*/survey_answers*.parquet", pd.read_parquet).drop(columns="chain")
        brand = asked.merge(answers, on=["partner_code", "invitation_id"], how="left")
        return pd.DataFrame(
            {
                "link": "manufacturer",
                "chain": self._chain_of_country(brand),
                "partner_code": brand["partner_code"],
                "sent_on": pd.to_datetime(brand["sent_at"]).dt.normalize(),
                "email": self._keyed("email", brand["email"]),
                "phone": self._keyed("phone", brand["phone"]),
                "serial": self._keyed("serial", brand["serial_number"]),
                "is_delivered": brand["disposition"] == "delivered",
                "answered_on": pd.to_datetime(brand["answered_at"]).dt.normalize(),
                "score": brand["recommend_score"].astype(float),
            }
        )

    # ------------------------------------------------------------------------------------------- who is who

    def _resolve(self) -> None:
        self.ownership = self._ownership()
        owner_edges = self._owned(self.services, "day")
        for name, day in (("contacts", "day"), ("brand", "sent_on"), ("owners", "sent_on")):
            setattr(self, name, self._owned(getattr(self, name), day))
        edges = [
            *_pairs(self.people, ["customer", "email", "phone"]),
            *_pairs(self.ownership, ["customer", "unit"]),
            *_pairs(owner_edges, ["customer", "unit"]),
            *_pairs(self.shop_surveys, ["customer", "email"]),
            *_pairs(self.contacts, ["customer", "email", "phone", "unit"]),
        ]
        for surveys in (self.brand, self.owners):
            unit = surveys["unit"].where(surveys["owner_number"] <= 1, NOBODY)
            edges += _pairs(surveys.assign(unit=unit), ["email", "phone", "unit"])
        a, b = (np.concatenate(side) for side in zip(*edges, strict=True))
        nodes, self.labels = tail.smallest_tied(a, b)
        self.nodes = pd.Index(nodes)
        self._name_customers()

    def _ownership(self) -> pd.DataFrame:
        owned = self.sales[["chain", "serial", "customer", "day"]].sort_values(["serial", "day"], ignore_index=True)
        by_serial = owned.groupby("serial")
        owned["owner_number"] = by_serial.cumcount() + 1
        owned["owned_to"] = (by_serial["day"].shift(-1) - DAY).fillna(FAR)
        owned["unit"] = owned["serial"] + owned["owner_number"]
        return owned.rename(columns={"day": "owned_from"})

    def _owned(self, events: pd.DataFrame, day: str) -> pd.DataFrame:
        """Which owner's the unit was on the day."""
        owners = self.ownership[["serial", "owned_from", "owner_number"]].sort_values("owned_from")
        events = pd.merge_asof(
            events.sort_values(day, ignore_index=True), owners, left_on=day, right_on="owned_from", by="serial"
        )
        events["owner_number"] = events["owner_number"].fillna(0).astype(np.int64)
        events["unit"] = np.where(events["serial"] == NOBODY, NOBODY, events["serial"] + events["owner_number"])
        return events

    def _person(self, identities: np.ndarray) -> np.ndarray:
        places = self.nodes.get_indexer(identities)
        return np.where(places >= 0, self.labels[places], identities)

    def _first_person(self, frame: pd.DataFrame, columns: list[str]) -> np.ndarray:
        known = frame[columns[0]].to_numpy()
        for column in columns[1:]:
            known = np.where(known == NOBODY, frame[column].to_numpy(), known)
        return self._person(known)

    def _name_customers(self) -> None:
        columns = ["chain", "partner_code", "customer", "day", "margin"]
        columns += ["is_kept", "meets_maker", "meets_importer"]
        self.bought = pd.concat([orders[columns] for orders in (self.sales, self.services, self.receipts)])
        self.bought["customer"] = self._person(self.bought["customer"].to_numpy())
        self.bought["partner_code"] = self.bought["partner_code"].astype("category")
        self.called = self.contacts.assign(
            customer=self._first_person(self.contacts, ["customer", "email", "phone", "unit"])
        )
        self.ownership["customer"] = self._person(self.ownership["customer"].to_numpy())
        addressed = pd.concat([self.brand, self.owners])
        addressed["customer"] = self._first_person(addressed, ["email", "phone", "unit"])
        dealers = self.dealer_surveys.assign(customer=self._person(self.dealer_surveys["customer"].to_numpy()))
        called = self.contact_surveys.drop(columns="chain").merge(
            self.called[["partner_code", "contact_id", "chain", "customer"]], on=["partner_code", "contact_id"]
        )
        called = called.assign(link="contact_centre", is_delivered=True)
        self.asked = pd.concat([part[INVITATION_COLUMNS] for part in (addressed, dealers, called)], ignore_index=True)
        shops = self.shop_surveys.assign(customer=self._first_person(self.shop_surveys, ["customer", "email"]))
        columns = ["link", "chain", "partner_code", "customer", "answered_on", "score"]
        responses = pd.concat([self.asked.loc[self.asked["score"].notna(), columns], shops[columns]], ignore_index=True)
        responses["category"] = np.select(
            [responses["score"] >= 9, responses["score"] >= 7], CATEGORIES[:2], CATEGORIES[2]
        )
        self.responses = responses.rename(columns={"answered_on": "day"})

    # ------------------------------------------------------------------------------------------- figures

    def cells(self) -> pd.DataFrame:
        """Counts per link, partner and quarter."""
        keys = ["chain", "link", "partner_code", "quarter_start_on"]
        asked = self.asked.assign(
            quarter_start_on=_quarter(self.asked["sent_on"]),
            invitations=1,
            delivered=self.asked["is_delivered"].astype(int),
            answered=(self.asked["is_delivered"] & self.asked["score"].notna()).astype(int),
        )
        answered = self.responses.assign(quarter_start_on=_quarter(self.responses["day"]), responses=1)
        for category in CATEGORIES:
            answered[f"{category}s"] = (answered["category"] == category).astype(int)
        invitations = asked.groupby(keys)[["invitations", "delivered", "answered"]].sum()
        responses = answered.groupby(keys)[["responses", *(f"{category}s" for category in CATEGORIES)]].sum()
        cells = invitations.join(responses, how="outer").fillna(0).astype(np.int64).reset_index()
        return cells.assign(quarter_start_on=cells["quarter_start_on"].dt.date)

    def followed(self) -> pd.DataFrame:
        """Every response until its customer came back or was lost sight of."""
        anchors = self.responses[(self.responses["customer"] != NOBODY) & (self.responses["day"] < self.as_of)]
        anchors = anchors.assign(response=np.arange(len(anchors)))
        owned = anchors[["response", "chain", "customer", "day"]].merge(self.ownership, on=["chain", "customer"])
        owned = owned[(owned["day"] >= owned["owned_from"]) & (owned["day"] < owned["owned_to"])]
        ends = owned.groupby("response")["owned_to"].max()
        anchors["followed_to"] = anchors["response"].map(ends).clip(upper=self.as_of).fillna(self.as_of)
        anchors["partner_code"] = anchors["partner_code"].astype(self.bought["partner_code"].dtype)
        paid = self.bought.loc[self.bought["is_kept"], ["chain", "customer", "partner_code", "day"]].sort_values("day")
        paid["next_on"] = paid["day"]
        anchors = anchors.sort_values("day")
        sellers = anchors[anchors["link"].isin(["dealer", "shop"])]
        parts = []
        for measure, starts, by in (
            ("chain", anchors, ["chain", "customer"]),
            ("partner", sellers, ["chain", "customer", "partner_code"]),
        ):
            part = pd.merge_asof(
                starts, paid[[*by, "day", "next_on"]], on="day", by=by, direction="forward", allow_exact_matches=False
            )
            parts.append(part.assign(measure=measure))
        followed = pd.concat(parts, ignore_index=True)
        followed["is_event"] = followed["next_on"] <= followed["followed_to"]
        end = followed["next_on"].where(followed["is_event"], followed["followed_to"])
        followed["duration"] = (end - followed["day"]).dt.days
        followed["is_trailing"] = followed["day"].between(self.trailing_from, self.trailing_to)
        followed = followed.merge(self.chains[["chain", "window"]], on="chain")
        return followed[followed["duration"] > 0]

    def resolved(self, followed: pd.DataFrame) -> pd.DataFrame:
        """What the followed responses of a link and category suffice for."""
        of = followed[followed["measure"] == "chain"]
        of = of.assign(is_open=~of["is_event"] & (of["duration"] < of["window"]))
        return of.groupby(["chain", "link", "window", "category"], as_index=False).agg(
            responses=("day", "size"),
            trailing=("is_trailing", "sum"),
            followed_to=("duration", "max"),
            open=("is_open", "sum"),
        )

    def buckets(self, followed: pd.DataFrame, curve: pd.DataFrame) -> pd.DataFrame:
        """All that the bootstrap needs, added up per stratum and bucket of customers."""
        known = self._known()
        keys = [*tail.STRATUM, "bucket"]
        scored, met = self._scored(followed, curve, known), self._exposed(known)
        stacked = pd.concat([scored.groupby(keys).sum(), met.groupby(keys).sum()]).fillna(0)
        return stacked.groupby(keys).sum().reindex(columns=tail.FIGURES, fill_value=0).reset_index()

    def _known(self) -> pd.DataFrame:
        """Since when a customer is known to a chain, and as what."""
        people = self.people.assign(customer=self._person(self.people["customer"].to_numpy()))
        keys = ["chain", "customer"]
        seen = [
            people[[*keys, "customer_since"]].rename(columns={"customer_since": "day"}),
            self.bought[[*keys, "day"]],
            self.called[[*keys, "day"]],
            self.asked[[*keys, "sent_on"]].rename(columns={"sent_on": "day"}),
            self.responses[[*keys, "day"]],
        ]
        first = pd.concat(seen).groupby(keys)["day"].min().rename("first_on")
        segment = people.groupby(keys)["segment"].min()
        return pd.concat([first, segment], axis=1).fillna({"segment": "unknown"}).reset_index()

    def _scored(self, followed: pd.DataFrame, curve: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
        scored = followed[followed["measure"] == "chain"].merge(known, on=["chain", "customer"])
        keys = ["chain", "link", "category", "measure", "duration"]
        scored = scored.merge(curve[[*keys, "uncensored"]], on=keys)
        margin = self._margins(scored)
        retained = np.rint(1e9 / scored["uncensored"]).where(
            scored["is_event"] & (scored["duration"] <= scored["window"]), 0
        )
        columns = scored[["chain", "link", "segment"]].assign(
            band=_band(scored["day"] - scored["first_on"]),
            bucket=scored["customer"] % tail.BUCKETS,
            retained_with_margin=margin.notna().astype(int),
            margin=margin.fillna(0),
        )
        for category in CATEGORIES:
            is_one = scored["category"] == category
            columns[f"{category}s"] = is_one.astype(int)
            columns[f"trailing_{category}s"] = (is_one & scored["is_trailing"]).astype(int)
            columns[f"retained_{category}s"] = retained.where(is_one, 0)
        return columns

    def _exposed(self, known: pd.DataFrame) -> pd.DataFrame:
        met = self._meetings()
        met = met[met["day"].between(self.trailing_from, self.trailing_to)]
        exposed = met.groupby(["chain", "link", "customer"], as_index=False)["day"].max()
        exposed = exposed.merge(known, on=["chain", "customer"])
        return exposed[["chain", "link", "segment"]].assign(
            band=_band(exposed["day"] - exposed["first_on"]),
            bucket=exposed["customer"] % tail.BUCKETS,
            exposed=1,
        )

    def _meetings(self) -> pd.DataFrame:
        keys = ["chain", "customer", "day"]
        seller = np.where(self.bought["chain"].str.startswith("automotive"), "dealer", "shop")
        # the row and not the customer is merged: a missing value makes doubles of a column, which can't hold a hash
        owners = self.ownership.assign(owner=np.arange(len(self.ownership)))
        claims = pd.merge_asof(
            self.claims.sort_values("day"),
            owners[["serial", "owned_from", "owner"]].sort_values("owned_from"),
            left_on="day",
            right_on="owned_from",
            by="serial",
        ).dropna(subset="owner")
        claims["customer"] = self.ownership["customer"].to_numpy()[claims["owner"].astype(int)]
        parts = [
            self.bought[keys].assign(link=seller),
            self.bought.loc[self.bought["meets_maker"], keys].assign(link="manufacturer"),
            self.bought.loc[self.bought["meets_importer"], keys].assign(link="importer"),
            self.called[keys].assign(link="contact_centre"),
            self.asked[["chain", "customer", "sent_on", "link"]].rename(columns={"sent_on": "day"}),
            claims[keys].assign(link="manufacturer"),
        ]
        met = pd.concat(parts, ignore_index=True)
        return met[met["customer"] != NOBODY]

    def _margins(self, scored: pd.DataFrame) -> pd.Series:
        """What who came back left in the window after the answer; missing where the window has not been seen whole."""
        kept = self.bought.loc[self.bought["is_kept"], ["chain", "customer", "day", "margin"]]
        kept = kept.sort_values(["chain", "customer", "day"], kind="stable")
        kept["so_far"] = kept.groupby(["chain", "customer"])["margin"].cumsum()
        kept = kept.sort_values("day", kind="stable")[["chain", "customer", "day", "so_far"]]
        last = scored["day"] + pd.to_timedelta(scored["window"], unit="D")
        counts = scored["is_event"] & (scored["duration"] <= scored["window"]) & (last <= self.as_of)
        found = []
        for day in (scored["day"], last):
            at = scored[["chain", "customer"]].assign(day=day, row=np.arange(len(scored))).sort_values("day")
            at = pd.merge_asof(at, kept, on="day", by=["chain", "customer"]).set_index("row")
            found.append(at["so_far"].sort_index().fillna(0).to_numpy())
        return pd.Series(found[1] - found[0], index=scored.index).where(counts)


def _half_up(amounts: np.ndarray) -> np.ndarray:
    """Whole numbers; a hair is added, since binary fractions of exact halves lie on either side."""
    return np.trunc(amounts + np.copysign(0.5 + 1e-7, amounts))


def _quarter(day: pd.Series) -> pd.Series:
    return day.dt.to_period("Q").dt.start_time


def _band(age: pd.Series) -> np.ndarray:
    return np.select([age.dt.days < 365, age.dt.days < 1095], [1, 2], 3)


def _pairs(frame: pd.DataFrame, columns: list[str]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The identities that stand in one row, two by two."""
    pairs = []
    for place, left in enumerate(columns):
        for right in columns[place + 1 :]:
            rows = frame.loc[(frame[left] != NOBODY) & (frame[right] != NOBODY), [left, right]].drop_duplicates()
            pairs.append((rows[left].to_numpy(), rows[right].to_numpy()))
    return pairs


if __name__ == "__main__":
    run_alone(answer, __doc__)
