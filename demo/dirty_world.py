"""Which dirty rows are planted where: every reason that data can have, in several data sets."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from demo.dirt import ANSWER, DirtyParquet, DirtyText, Ledger, Row
from demo.network import Network
from demo.plan import MANUFACTURER

BAD_SCORES = ("11", "7.5", "zehn", "5 stars", "-1")
NO_ANSWERS = ("NA", "weet niet")
VELDA, ORMA = MANUFACTURER["automotive"], MANUFACTURER["retail"]
NL_CENTRE = "CC-AUT-NL"
NL_IMPORTER = "importer/IMP-NL"
# how importers write their files
DUTCH = {"delimiter": ";", "encoding": "cp1252"}
MINIMUM_ROWS = 12
ERASED_PER_KIND = 4
# what a survey programme excludes, what else it raises, and to what
VERY_LOW_SCORE, LOW_SCORE, RAISED_SCORE = 3, 6, "9"


def plant(root: Path, networks: list[Network]) -> dict[str, object]:
    """Plant everything; return the truth file's share."""
    ledger = Ledger(root)
    nl, de, gb, shop_nl = networks[0], networks[1], networks[2], networks[3]
    dealer = _pick(
        root,
        nl,
        ("customers.csv", "sales_orders.csv", "service_orders.csv", "post_sale_survey.csv", "post_service_survey.csv"),
    )
    shop = _pick(root, shop_nl, ("customers.csv", "receipts.csv", "survey.csv"))
    _administration(ledger, nl, de)
    _manufacturer(ledger)
    _importer(ledger, gb)
    _dealer(ledger, dealer)
    _shop(ledger, shop)
    _contact_centre(ledger)
    # a large one of a network where nobody is erased
    programme = _programme(ledger, next(code for code in nl.codes if code != dealer))
    _strangers(ledger, dealer, shop)
    _bad_files(ledger, dealer, shop)
    erasures = _erasures(ledger, [de, gb, networks[4]])
    return {**ledger.facts(), "erasure_requests": erasures, "programme": programme}


def _pick(root: Path, network: Network, names: tuple[str, ...]) -> str:
    """Pick a small partner with enough rows in each file; the middle of the network first, then larger ones."""
    for position in range(len(network.codes) // 2, -1, -1):
        code = network.codes[position]
        files = [root / network.kind / code / name for name in names]
        if all(file.exists() and _has_enough(file) for file in files):
            return code
    raise ValueError(f"no partner of {network.chain.code} has enough rows for dirty copies; use a larger scale")


def _has_enough(file: Path) -> bool:
    lines = file.read_text(encoding="utf-8").splitlines()
    if not file.name.endswith("survey.csv"):
        return len(lines) > MINIMUM_ROWS
    column = lines[0].split(",").index("score")
    return sum(len(line.split(",")) > column and line.split(",")[column] != "" for line in lines[1:]) >= 2


def _answered(row: Row) -> bool:
    return (row.get("score") or row.get("cijfer") or row.get("nps")) not in (None, "")


def _administration(ledger: Ledger, nl: Network, de: Network) -> None:
    _partners(ledger, nl)
    _programme_costs(ledger)
    _follow_ups(ledger)
    _survey_items(ledger)
    _acquisition_reasons(ledger, de.chain.code)
    _benchmarks(ledger)
    _exchange_rates(ledger)


def _programme_costs(ledger: Ledger) -> None:
    costs = DirtyText(
        ledger, "chain__programme_costs", "chain/programme_costs.csv", "month", "chain/programme_costs_late.csv"
    )
    months = iter(f"2023-{month:02d}" for month in range(1, 7))
    costs.bad("missing_required", month=next(months), programme_cost="")
    costs.bad("value_not_allowed", month=next(months), link="garage")
    costs.bad("unknown_industry", month=next(months), industry="shipping")
    costs.bad("unknown_country", month=next(months), country="XX")
    costs.bad("unknown_currency", month=next(months), currency="XTS")
    costs.bad("out_of_range", month=next(months), programme_cost="-250.00")
    costs.bad("no_exchange_rate", month="2026-07", currency="SEK")
    costs.bad("invalid_number", month="2022-12", programme_cost="about 900")
    costs.bad("invalid_date", month="2024-13")
    costs.repeated()
    costs.corrected(programme_cost="31000.00")
    costs.save()


def _follow_ups(ledger: Ledger) -> None:
    file = _first(ledger, "chain", "follow_ups_automotive_nl_post_service")
    follow = DirtyText(ledger, "chain__follow_ups", file, "follow_up_id")
    follow.bad("missing_required", opened_on="")
    follow.bad("value_not_allowed", survey="nps")
    follow.bad("value_not_allowed", outcome="solved")
    follow.bad("unknown_partner", partner_code="DLR-NL-9999")
    follow.bad("invalid_date", opened_on="2024-02-30")
    follow.bad("date_out_of_range", opened_on="1899-12-31")
    follow.bad("closed_before_opened", opened_on="2024-05-03", closed_on="2024-05-01", outcome="resolved")
    follow.repeated()
    follow.corrected(like=lambda row: row["outcome"] != "", outcome="not_reached")
    follow.save()


def _survey_items(ledger: Ledger) -> None:
    file = _first(ledger, "chain", "survey_items_automotive_nl_post_service")
    items = DirtyText(ledger, "chain__survey_items", file, "response_no")
    items.bad("missing_required", scale="")
    items.bad("value_not_allowed", scale="1-10")
    items.bad("value_not_allowed", survey="nps")
    items.bad("value_not_allowed", item="Was it clean?")
    items.bad("unknown_partner", partner_code="DLR-NL-9999")
    items.bad("invalid_number", rating="six")
    items.bad("out_of_range", like=lambda row: row["scale"] == "1-7", rating="8")
    items.bad("out_of_range", like=lambda row: row["scale"] == "1-7", rating="0")
    items.repeated()
    items.corrected(like=lambda row: row["rating"] not in ("", "1"), rating="1")
    items.save()


def _acquisition_reasons(ledger: Ledger, chain: str) -> None:
    won = DirtyText(
        ledger,
        "chain__acquisition_reasons",
        _first(ledger, "chain", f"acquisition_reasons_{chain}"),
        "customer_no",
        f"chain/acquisition_reasons_{chain}_late.csv",
    )
    won.bad("missing_required", customer_no="")
    won.bad("value_not_allowed", reason="because")
    won.bad("unknown_partner", partner_code="DLR-DE-9999")
    won.bad("invalid_date", acquired_on="2025-06-31")
    won.repeated()
    won.corrected(like=lambda row: row["reason"] != "price", reason="price")
    won.save()


def _benchmarks(ledger: Ledger) -> None:
    norms = DirtyText(ledger, "chain__benchmarks", "chain/benchmarks.csv", "year")
    norms.bad("out_of_range", year="2022", nps="120")
    norms.bad("invalid_number", year="2021", nps="high")
    norms.bad("unknown_country", year="2022", country="XX")
    norms.bad("unknown_industry", year="2022", industry="shipping")
    norms.bad("value_not_allowed", year="2022", link="garage")
    norms.bad("out_of_range", year="1885")
    norms.repeated()
    norms.corrected(nps="33.3")
    norms.save()


def _exchange_rates(ledger: Ledger) -> None:
    rates = DirtyText(ledger, "chain__exchange_rates", "chain/exchange_rates.csv", "month")
    rates.bad("invalid_date", month="2024-00")
    rates.bad("out_of_range", month="2023-01", eur_per_unit="0")
    rates.bad("invalid_number", month="2023-02", eur_per_unit="1,17")
    rates.bad("missing_required", month="2023-03", eur_per_unit="")
    rates.repeated()
    rates.corrected(eur_per_unit="1.16999")
    rates.save()


def _partners(ledger: Ledger, nl: Network) -> None:
    """Plant a second delivery of the partner list."""
    partners = DirtyText(ledger, "chain__partners", "chain/partners.csv", "partner_code", "chain/partners_update.csv")

    def dealer(row: Row) -> bool:
        """A dealer with one version only."""
        return row["link"] == "dealer" and row["partner_code"] in steady

    steady = {nl.codes[i] for i in range(len(nl.codes)) if i not in nl.renamed}
    partners.bad("missing_required", like=dealer, partner_name="")
    partners.bad("value_not_allowed", like=dealer, link="garage")
    partners.bad("unknown_industry", like=dealer, industry="shipping")
    partners.bad("unknown_country", like=dealer, country="XX")
    partners.bad("invalid_date", like=dealer, valid_from="2024-02-31")
    partners.bad("closed_before_opened", like=dealer, valid_from="2024-06-01", valid_to="2024-05-01")
    partners.bad("hierarchy_cycle", like=dealer, partner_code="DLR-NL-LOOP", parent_partner_code="DLR-NL-LOOP")
    partners.bad("hierarchy_cycle", like=dealer, partner_code="DLR-NL-RING1", parent_partner_code="DLR-NL-RING2")
    partners.bad("hierarchy_cycle", like=dealer, partner_code="DLR-NL-RING2", parent_partner_code="DLR-NL-RING1")
    partners.used = 0
    first = nl.codes[0]
    partners.bad(
        "overlapping_validity",
        like=lambda row: row["partner_code"] == first,
        partner_code=first,
        valid_from="2024-01-01",
        owner_name="Overlap BV",
    )
    partners.repeated()
    partners.corrected(like=dealer, owner_name="Corrected Holding")
    partners.save()


def _manufacturer(ledger: Ledger) -> None:
    country = "de"
    folder = f"manufacturer/{VELDA}"
    _products(ledger, folder)
    _units_built(ledger, folder, country)
    _warranty_claims(ledger, folder, country)
    _brand_survey(ledger, folder, country)


def _products(ledger: Ledger, folder: str) -> None:
    products = DirtyParquet(
        ledger,
        "manufacturer__products",
        f"{folder}/products.parquet",
        "product_code",
        f"{folder}/products_update.parquet",
    )
    products.bad("missing_required", product_name=None)
    products.bad("date_out_of_range", launched_on=date(1889, 3, 1))
    products.repeated()
    products.corrected(product_line="Vans")
    products.save()


def _units_built(ledger: Ledger, folder: str, country: str) -> None:
    units = DirtyParquet(
        ledger,
        "manufacturer__units_built",
        _first(ledger, folder, f"units_built_{country}"),
        "serial_number",
        f"{folder}/units_built_late.parquet",
    )
    units.bad("unknown_product", product_code="V999")
    units.bad("missing_required", product_code=None)
    units.bad("date_out_of_range", built_on=date(1970, 1, 1))
    units.repeated()
    units.corrected(built_on=units.templates[4]["built_on"] - timedelta(days=1))
    units.save()


def _warranty_claims(ledger: Ledger, folder: str, country: str) -> None:
    claims = DirtyParquet(
        ledger,
        "manufacturer__warranty_claims",
        _first(ledger, folder, f"warranty_claims_{country}"),
        "claim_id",
        f"{folder}/warranty_claims_late.parquet",
    )
    claims.bad("unknown_country", country="XX")
    claims.bad("unknown_currency", currency="XTS")
    claims.bad("no_exchange_rate", currency="SEK", claimed_on=date(2025, 3, 3))
    claims.bad("out_of_range", amount=Decimal("-10.00"))
    claims.bad("missing_required", serial_number=None)
    claims.repeated()
    claims.corrected(amount=Decimal("99.95"))
    claims.save()


def _brand_survey(ledger: Ledger, folder: str, country: str) -> None:
    invitations = DirtyParquet(
        ledger,
        "manufacturer__survey_invitations",
        _first(ledger, folder, f"survey_invitations_{country}"),
        "invitation_id",
        f"{folder}/survey_invitations_late.parquet",
    )
    invitations.bad("missing_required", sent_at=None)
    invitations.bad("unknown_country", country="XX")
    invitations.bad("value_not_allowed", disposition="lost")
    invitations.bad("value_not_allowed", survey_mode="fax")
    invitations.repeated()
    invitations.corrected(survey_mode="paper")
    answers = DirtyParquet(
        ledger,
        "manufacturer__survey_answers",
        _first(ledger, folder, f"survey_answers_{country}"),
        "invitation_id",
        f"{folder}/survey_answers_late.parquet",
    )
    sent = datetime(2025, 5, 5, 9, 0, tzinfo=UTC)
    faults: list[tuple[str, dict[str, Any]]] = [("invalid_score", {"recommend_score": score}) for score in BAD_SCORES]
    faults += [("no_answer", {"recommend_score": word}) for word in NO_ANSWERS]
    faults += [
        ("missing_required", {"answered_at": None}),
        ("answer_before_invitation", {"answered_at": sent - timedelta(days=2)}),
    ]
    for number, (reason, changes) in enumerate(faults, start=1):
        # each broken answer has an accepted invitation, so that only the answer is wrong
        invitation = f"BXX-{number:04d}"
        invitations.clean(invitation_id=invitation, sent_at=sent, email=None, phone=None, serial_number=None)
        answers.bad(reason, **{"answered_at": sent + timedelta(days=1), "invitation_id": invitation, **changes})
    answers.bad("unknown_invitation", invitation_id="BXX-9998")
    answers.bad("unknown_invitation", invitation_id="BXX-9999")
    answers.repeated()
    answers.corrected(recommend_score=_other_score(answers.templates[len(answers.rows)]["recommend_score"]))
    invitations.save()
    answers.save()


def _other_score(score: str) -> str:
    return "6" if score != "6" else "5"


def _first(ledger: Ledger, folder: str, stem: str) -> str:
    """The first file of that stem: the chain's only one, or its first block's."""
    found = sorted((ledger.root / folder).glob(f"{stem}*"))[0]
    return str(found.relative_to(ledger.root))


def _importer(ledger: Ledger, gb: Network) -> None:
    _dealer_network(ledger, gb)
    _shipments(ledger)
    _ownership_survey(ledger)


def _dealer_network(ledger: Ledger, gb: Network) -> None:
    file = "importer/IMP-GB/dealernetwerk_2024-05.csv"
    network = DirtyText(ledger, "importer__dealer_network", file, "dealernummer", **DUTCH)
    codes = iter(gb.codes)
    network.bad("invalid_date", peildatum="31-02-2024", dealernummer=next(codes))
    network.bad("missing_required", peildatum="15-05-2024", dealernummer=next(codes), dealernaam="")
    network.bad("value_not_allowed", peildatum="15-05-2024", dealernummer=next(codes), status="weg")
    network.bad("unknown_partner", dealernummer="DLR-GB-9999")
    network.structural("ragged_row", "bad_encoding")
    network.used = 0
    network.repeated()
    network.corrected(eigenaar="Corrected Holding")
    network.save()


def _shipments(ledger: Ledger) -> None:
    shipments = DirtyText(
        ledger,
        "importer__shipments",
        _first(ledger, NL_IMPORTER, "verzendingen"),
        "zendingnummer",
        f"{NL_IMPORTER}/verzendingen_nalevering.csv",
        **DUTCH,
    )
    shipments.bad("invalid_number", factuurbedrag="12.345,6,7")
    shipments.bad("invalid_date", verzenddatum="2024-05-01")
    shipments.bad("missing_required", chassisnummer="")
    shipments.bad("unknown_partner", dealernummer="DLR-NL-9999")
    shipments.bad("unknown_currency", valuta="XTS")
    shipments.bad("no_exchange_rate", valuta="SEK", verzenddatum="04-02-2026")
    shipments.repeated()
    shipments.corrected(factuurbedrag="20000,00")
    shipments.structural("unterminated_quote")
    shipments.save()


def _ownership_survey(ledger: Ledger) -> None:
    survey = DirtyText(
        ledger,
        "importer__ownership_survey",
        _first(ledger, NL_IMPORTER, "eigenaarsonderzoek"),
        "uitnodigingsnummer",
        f"{NL_IMPORTER}/eigenaarsonderzoek_nalevering.csv",
        **DUTCH,
    )
    for score in BAD_SCORES:
        survey.bad("invalid_score", ANSWER, _answered, cijfer=score)
    for word in NO_ANSWERS:
        survey.bad("no_answer", ANSWER, _answered, cijfer=word)
    survey.bad("answer_before_invitation", ANSWER, _answered, verzonden_op="20-05-2025", beantwoord_op="10-05-2025")
    survey.bad("value_not_allowed", kanaal="fax")
    survey.bad("value_not_allowed", like=_answered, nog_eigenaar="X")
    survey.bad("invalid_date", verzonden_op="31-02-2025", beantwoord_op="", cijfer="", nog_eigenaar="")
    survey.bad("missing_required", verzonden_op="", beantwoord_op="", cijfer="", nog_eigenaar="")
    survey.repeated()
    survey.corrected(like=lambda row: _answered(row) and row["cijfer"] != "6", cijfer="6")
    survey.save()


def _dealer(ledger: Ledger, dealer: str) -> None:
    folder = f"dealer/{dealer}"
    customers = DirtyText(ledger, "dealer__customers", f"{folder}/customers.csv", "customer_no")
    customers.bad("missing_required", customer_no="")
    customers.bad("value_not_allowed", segment="VIP")
    customers.bad("invalid_date", customer_since="2021-02-29")
    customers.structural("ragged_row", "bad_encoding", "nul_byte")
    customers.repeated()
    customers.corrected(segment="business", name="Corrected Name")
    customers.save()
    _sales_orders(ledger, folder)
    _service_orders(ledger, folder)
    for name in ("post_sale", "post_service"):
        _dealer_survey(ledger, f"dealer__{name}_survey", f"{folder}/{name}_survey.csv")


def _sales_orders(ledger: Ledger, folder: str) -> None:
    sales = DirtyText(ledger, "dealer__sales_orders", f"{folder}/sales_orders.csv", "order_no")
    sales.bad("missing_required", serial_number="")
    sales.bad("value_not_allowed", order_kind="demo")
    sales.bad("invalid_date", delivered_on="2024-06-31")
    sales.bad("date_out_of_range", delivered_on="2203-01-05")
    sales.bad("invalid_number", revenue="12k")
    sales.bad("out_of_range", cost="80000000000000.00")
    sales.bad("unknown_currency", currency="XTS")
    sales.bad("no_exchange_rate", currency="SEK", delivered_on="2026-03-10")
    sales.bad("transaction_before_built", delivered_on="1991-03-01")
    sales.structural("ragged_row", "nul_byte")
    sales.repeated()
    sales.corrected(cost="9999.99")
    sales.bad("spreadsheet_number", serial_number="1.23457E+11")
    sales.save()


def _service_orders(ledger: Ledger, folder: str) -> None:
    services = DirtyText(ledger, "dealer__service_orders", f"{folder}/service_orders.csv", "order_no")
    services.bad("missing_required", customer_no="")
    services.bad("value_not_allowed", payer="insurance")
    services.bad("invalid_date", completed_on="soon")
    services.bad("invalid_number", cost="1.2.3")
    services.bad("out_of_range", revenue="80000000000000.00")
    services.bad("unknown_currency", currency="XTS")
    services.bad("transaction_before_built", like=lambda row: row["serial_number"] != "", completed_on="1991-03-01")
    services.repeated()
    services.corrected(revenue="123.45")
    services.structural("ragged_row", "bad_encoding", "unterminated_quote")
    services.save()


def _dealer_survey(ledger: Ledger, dataset: str, path: str) -> None:
    survey = DirtyText(ledger, dataset, path, "invitation_no")
    for score in BAD_SCORES:
        survey.bad("invalid_score", ANSWER, _answered, score=score)
    for word in NO_ANSWERS:
        survey.bad("no_answer", ANSWER, _answered, score=word)
    survey.bad(
        "answer_before_invitation", ANSWER, _answered, sent_at="2025-05-20 09:00:00", answered_at="2025-05-10T09:00:00"
    )
    survey.bad("invalid_timestamp", sent_at="2024-05-01 25:61:00", answered_at="", score="")
    survey.bad("missing_required", order_no="")
    survey.bad("value_not_allowed", survey_mode="fax")
    survey.repeated()
    survey.corrected(survey_mode="paper", comment="corrected")
    survey.save()


def _programme(ledger: Ledger, dealer: str) -> dict[str, object]:
    """A second delivery in which the survey programme excludes very low scores and raises other low ones."""
    source = f"dealer/{dealer}/post_sale_survey.csv"
    with (ledger.root / source).open(encoding="utf-8", newline="") as file:
        rows = list(enumerate(csv.DictReader(file), start=2))
    excluded = {"answer_status": "excluded", "exclusion_reason": "not_representative"}
    raised = {"score": RAISED_SCORE, "answer_status": "valid", "exclusion_reason": ""}
    told = []
    counts = {"excluded": 0, "rescored": 0}
    for line, row in rows:
        if not row["score"] or int(row["score"]) > LOW_SCORE:
            continue
        is_excluded = int(row["score"]) <= VERY_LOW_SCORE
        counts["excluded" if is_excluded else "rescored"] += 1
        told.append({**row, **(excluded if is_excluded else raised)})
        ledger.add("dealer__post_sale_survey", source, line, "superseded_row")
    path = ledger.root / f"dealer/{dealer}/post_sale_survey_programme.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0][1], *excluded], lineterminator="\n")
        writer.writeheader()
        writer.writerows(told)
    return {"dealer": dealer, **counts}


def _shop(ledger: Ledger, shop: str) -> None:
    folder = f"shop/{shop}"
    customers = DirtyText(ledger, "shop__customers", f"{folder}/customers.csv", "loyalty_no")
    customers.bad("missing_required", loyalty_no="")
    customers.bad("value_not_allowed", segment="VIP")
    customers.bad("invalid_date", member_since="2021-02-29")
    customers.structural("ragged_row")
    customers.repeated()
    customers.corrected(segment="business", name="Corrected Name")
    customers.save()
    receipts = DirtyText(ledger, "shop__receipts", f"{folder}/receipts.csv", "receipt_no")

    def is_sale(row: Row) -> bool:
        return row["receipt_kind"] == "sale" and row["revenue"] != "0.00"

    receipts.bad("missing_required", like=is_sale, purchased_on="")
    receipts.bad("value_not_allowed", like=is_sale, receipt_kind="gift")
    receipts.bad("invalid_date", like=is_sale, purchased_on="2024-04-31")
    receipts.bad("date_out_of_range", like=is_sale, purchased_on="0024-04-30")
    receipts.bad("invalid_number", like=is_sale, revenue="free")
    receipts.bad("out_of_range", like=is_sale, revenue="-25.00")
    receipts.bad("unknown_currency", like=is_sale, currency="XTS")
    receipts.bad("no_exchange_rate", like=is_sale, currency="SEK", purchased_on="2025-11-11")
    receipts.bad("value_not_allowed", like=is_sale, receipt_kind="exchange")
    receipts.structural("ragged_row", "bad_encoding", "nul_byte")
    receipts.repeated()
    receipts.corrected(like=is_sale, revenue="19.99")
    receipts.save()
    survey = DirtyText(ledger, "shop__survey", f"{folder}/survey.csv", "answer_no")
    for score in BAD_SCORES:
        survey.bad("invalid_score", score=score)
    for word in NO_ANSWERS:
        survey.bad("no_answer", score=word)
    survey.bad("invalid_timestamp", answered_at="2024-13-01 10:00:00")
    survey.bad("missing_required", answered_at="")
    survey.bad("value_not_allowed", survey_mode="fax")
    survey.repeated()
    survey.corrected(survey_mode="paper", comment="corrected")
    survey.save()


def _contact_centre(ledger: Ledger) -> None:
    folder = f"contact_centre/{NL_CENTRE}"
    _contacts(ledger, folder)
    _contact_surveys(ledger, folder)


def _contacts(ledger: Ledger, folder: str) -> None:
    contacts = DirtyText(
        ledger,
        "contact_centre__contacts",
        _first(ledger, folder, "contacts_2023"),
        "contact_id",
        f"{folder}/contacts_resent.ndjson",
    )
    contacts.bad("missing_required", reason=None)
    contacts.bad("value_not_allowed", channel="pigeon")
    contacts.bad("value_not_allowed", channel="fax")
    contacts.bad("closed_before_opened", opened_at="2024-05-03T10:00:00+02:00", closed_at="2024-05-03T09:00:00+02:00")
    contacts.bad("invalid_timestamp", opened_at="2024-05-32T10:00:00Z", closed_at=None)
    contacts.bad("invalid_number", transfers="two")
    contacts.bad("out_of_range", cost=-1.5)
    contacts.bad("unknown_currency", currency="XTS")
    contacts.bad("no_exchange_rate", currency="SEK", opened_at="2025-09-09T10:00:00Z", closed_at=None)
    contacts.structural("not_json", "bad_encoding", "nul_byte")
    contacts.raw("not_json", lambda line: b"[1, 2, 3]")
    contacts.raw("not_json", lambda line: b"system restarted")
    contacts.repeated()
    contacts.corrected(like=lambda row: row["transfers"] != 3, transfers=3)
    contacts.save()


def _contact_surveys(ledger: Ledger, folder: str) -> None:
    surveys = DirtyText(
        ledger,
        "contact_centre__surveys",
        _first(ledger, folder, "surveys_2023"),
        "survey_id",
        f"{folder}/surveys_resent.ndjson",
    )
    for score in (11, 7.5, "zehn", "5 stars", -1):
        surveys.bad("invalid_score", ANSWER, _answered, nps=score)
    for word in NO_ANSWERS:
        surveys.bad("no_answer", ANSWER, _answered, nps=word)
    surveys.bad(
        "answer_before_invitation",
        ANSWER,
        _answered,
        sent_at="2025-05-20T09:00:00Z",
        answered_at="2025-05-10T09:00:00Z",
    )
    surveys.bad("unknown_contact", contact_id="K99999999999")
    surveys.bad("missing_required", contact_id=None)
    surveys.structural("not_json")
    surveys.repeated()
    surveys.corrected(like=lambda row: row["survey_mode"] != "paper", survey_mode="paper")
    surveys.save()


def _strangers(ledger: Ledger, dealer: str, shop: str) -> None:
    """Plant folders of partners that the chain administration does not know."""
    for dataset, kind, model, code, name, rows in (
        ("dealer__customers", "dealer", dealer, "DLR-NL-9999", "customers.csv", 2),
        ("shop__receipts", "shop", shop, "SHP-NL-9999", "receipts.csv", 3),
    ):
        lines = (ledger.root / kind / model / name).read_bytes().split(b"\n")[: rows + 1]
        target = ledger.root / kind / code / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"\n".join(lines) + b"\n")
        for line in range(2, rows + 2):
            ledger.add(dataset, f"{kind}/{code}/{name}", line, "unknown_partner")


def _bad_files(ledger: Ledger, dealer: str, shop: str) -> None:
    """Plant files that are refused as a whole."""
    noise = bytes((i * 73 + 41) % 256 for i in range(2_048))
    ledger.bad_file(
        "dealer__sales_orders", f"dealer/{dealer}/sales_orders_backup.csv", "not text at all", b"\x89PK\x03" + noise
    )
    claims = ledger.root / _first(ledger, f"manufacturer/{VELDA}", "warranty_claims_nl")
    ledger.bad_file(
        "manufacturer__warranty_claims",
        f"manufacturer/{VELDA}/warranty_claims_copy.parquet",
        "truncated Parquet",
        claims.read_bytes()[:-200],
    )
    ledger.bad_file("shop__survey", f"shop/{shop}/survey_old.csv", "empty", b"")
    ledger.bad_file(
        "shop__receipts",
        f"shop/{shop}/receipts_old_system.csv",
        "required column missing",
        b"receipt_no,purchased_on,revenue,currency\nR1,2023-08-01,10.00,EUR\n",
    )


def _erasures(ledger: Ledger, networks: list[Network]) -> list[dict[str, str]]:
    """Write who asked to be erased, named by an address or number as their partner holds it."""
    lines = ["request_id,requested_on,country,email,phone"]
    truth: list[dict[str, str]] = []
    for network in networks:
        code = network.codes[len(network.codes) // 2]
        dataset, file = f"{network.kind}__customers", f"{network.kind}/{code}/customers.csv"
        rows = list(DirtyText(ledger, dataset, file, "").templates)
        key = next(iter(rows[0][2]))
        by_mail = [row for _, _, row in rows if row["email"] and not row["email"].startswith("desk@")][
            : ERASED_PER_KIND // 2
        ]
        taken = {row[key] for row in by_mail}
        by_phone = [row for _, _, row in rows if row["phone"] and row[key] not in taken][: ERASED_PER_KIND // 2]
        for row, field in [*((r, "email") for r in by_mail), *((r, "phone") for r in by_phone)]:
            request = f"E{len(truth) + 1:04d}"
            email, phone = (row["email"], "") if field == "email" else ("", row["phone"])
            lines.append(f"{request},2026-05-{len(truth) + 1:02d},{network.chain.country},{email},{phone}")
            truth.append(
                {
                    "request_id": request,
                    "dataset": dataset,
                    "partner_code": code,
                    "record_no": row[key],
                    "named_by": field,
                }
            )
    file = "chain/erasure_requests.csv"
    for request, reason, rest in (
        ("X00001", "missing_required", ",NL,nobody1@none.example,"),
        ("X00002", "invalid_date", "2025-02-31,NL,nobody2@none.example,"),
        ("X00003", "unknown_country", "2025-02-11,XX,nobody3@none.example,"),
    ):
        lines.append(f"{request},{rest}")
        ledger.add("chain__erasure_requests", file, len(lines), reason)
    (ledger.root / file).write_text("\n".join([*lines, ""]), encoding="utf-8")
    return truth
