"""The generated world as the tiers' own files: the queries that spell it out, a query per data set."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.world import (
    AUTOMOTIVE,
    CALLING_CODES,
    COUNTRIES,
    DAYS_TO_RETURN,
    END,
    LINKS,
    RETAIL,
    START,
    Chain,
)

MANUFACTURERS = 2
PRODUCTS_PER_MANUFACTURER = 8
PREFIX = {AUTOMOTIVE: "AUT", RETAIL: "RET"}
NUMBER_DIGITS = 10
# numbers of visits are multiples of this apart, so that a visit can number its orders, returns and surveys
VISITS_PER_PERSON = 32

ASKED_SHARE, ANSWERED_SHARE = 0.2, 0.3
BRAND_ASKED_SHARE = {AUTOMOTIVE: 0.05, RETAIL: 0.058}
OWNER_ASKED_SHARE, CONTACT_ASKED_SHARE = 0.3, 0.5
SHOP_ANSWERED_SHARE = 0.075
WARRANTY_SHARE, ANONYMOUS_SHARE, PRODUCT_SHARE = 0.08, 0.1, 0.4
FOLLOW_UP_SHARE = 0.5


@dataclass(frozen=True)
class File:
    """A data set to write: its rows, with the partner's folder and the period that a file covers."""

    tier: str
    name: str
    query: str
    format: str = "csv"
    options: str = ""


def manufacturer(industry: str, number: str = "0") -> str:
    """The SQL of a manufacturer's code; `number` is SQL."""
    return f"'MFR-{PREFIX[industry]}-' || cast({number} + 1 as varchar)"


def administration(chains: list[Chain]) -> dict[str, str]:
    """Name and query of the chain administration's files."""
    months = (
        f"(select strftime(month, '%Y-%m') as month, extract(year from month) as year from range(date '{START}', "
        f"date '{END}', interval 1 month) as months(month))"
    )
    links = ", ".join(
        f"('{chain.industry}', '{chain.country}', '{link}', '{COUNTRIES[chain.country]}', {number})"
        for number, chain in enumerate(chains)
        for link in LINKS[chain.industry]
    )
    links = f"(values {links}) as links(industry, country, link, currency, number)"
    return {
        "partners": " union all ".join([*(_manufacturers(industry) for industry in LINKS), *map(_partners, chains)]),
        "programme_costs": (
            "select industry, country, link, month, cast(9000 + 500 * number as decimal(18, 2)) as programme_cost, "
            f"currency, 10 + number as head_count from {links}, {months}"
        ),
        "benchmarks": (
            "select distinct industry, country, link, year, 20 + number as nps, 'panel' as source "
            f"from {links}, {months}"
        ),
        "exchange_rates": f"select month, 'GBP' as currency, 1.15 + (year % 5) / 100 as eur_per_unit from {months}",
    }


def _partner(code: str, link: str, chain: str, country: str, parent: str, source: str) -> str:
    return (
        f"select {code} as partner_code, '{link}' as link, '{chain}' as industry, {country} as country, "
        f"'Partner ' || {code} as partner_name, {parent} as parent_partner_code, cast(null as varchar) as owner_name, "
        f"'2015-01-01' as valid_from, cast(null as varchar) as valid_to from {source}"
    )


def _manufacturers(industry: str) -> str:
    source = f"range({MANUFACTURERS}) as n(n)"
    return _partner(manufacturer(industry, "n"), "manufacturer", industry, "cast(null as varchar)", "null", source)


def _partners(chain: Chain) -> str:
    country, prefix = f"'{chain.country}'", PREFIX[chain.industry]
    centre = _partner(
        f"'CC-{prefix}-{chain.country}'",
        "contact_centre",
        chain.industry,
        country,
        manufacturer(chain.industry),
        "range(1)",
    )
    source = f"range({chain.partners}) as p(p)"
    files = {AUTOMOTIVE: AutomotiveFiles, RETAIL: RetailFiles}[chain.industry](chain)
    code = files.partner_code("p")
    if chain.industry == RETAIL:
        return f"{centre} union all {_partner(code, 'shop', RETAIL, country, 'null', source)}"
    importers = _partner(
        f"'IMP-{chain.country}-' || n", "importer", AUTOMOTIVE, country, manufacturer(AUTOMOTIVE), "range(1, 3) as n(n)"
    )
    dealers = _partner(code, "dealer", AUTOMOTIVE, country, importer(chain, "p"), source)
    return f"{centre} union all {importers} union all {dealers}"


def importer(chain: Chain, partner: str) -> str:
    """The SQL of the importer of a dealer: two share a country."""
    return f"'IMP-{chain.country}-' || cast(1 + {partner} * 2 // {chain.partners} as varchar)"


def day(number: str) -> str:
    """The SQL of a day."""
    return f"date '{START}' + cast({number} as integer)"


def money(expression: str) -> str:
    """The SQL of an amount."""
    return f"cast({expression} as decimal(18, 2))"


def moment(number: str, hour: str) -> str:
    """The SQL of a moment in local time, within office hours."""
    return f"strftime({day(number)}, '%Y-%m-%d') || 'T' || lpad(cast(9 + {hour} as varchar), 2, '0') || ':15:00'"


def mode(values: tuple[str, ...]) -> str:
    """The SQL of how somebody was asked."""
    return (
        f"list_value({', '.join(repr(value) for value in values)})[1 + cast(floor(u_mode * {len(values)}) as integer)]"
    )


MODES = ("email", "sms", "phone", "web")


class ChainFiles:
    """The files that both industries have."""

    partner_tier = ""
    partner_prefix = ""
    partner_link = ""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.currency = COUNTRIES[chain.country]

    def partner_code(self, number: str) -> str:
        """The SQL of a dealer's or shop's code."""
        return f"'{self.partner_prefix}-{self.chain.country}-' || lpad(cast({number} + 1 as varchar), 4, '0')"

    def number(self, prefix: str, extra: int = 0) -> str:
        """The SQL of an order's, receipt's or survey's number: one per visit."""
        key = f"(person * {VISITS_PER_PERSON} + visit) * 2 + {extra}"
        return f"'{prefix}' || lpad(cast({key} as varchar), {NUMBER_DIGITS}, '0')"

    def serial(self, unit: str = "unit") -> str:
        """The SQL of a serial number."""
        return f"'WB{self.chain.country}' || lpad(cast({unit} as varchar), 11, '0')"

    def prepare(self) -> Iterator[str]:
        """Spell identities once; a person is known by their own at every tier.

        No number looks as if it were typed to fill a field, such as 00000000: it would be nobody's.
        """
        is_typed = "replace(digits, right(digits, 1), '') = ''"
        digit = {AUTOMOTIVE: 6, RETAIL: 7}[self.chain.industry]
        yield f"""
            create table people as
            select
                person,
                home,
                lpad(cast(person as varchar), 8, '0') as digits,
                'P' || digits as customer_no,
                case when has_email then
                    'person' || person || '.{self.chain.country.lower()}@{PREFIX[self.chain.industry].lower()}'
                    || person % 7 || '.example'
                end as email,
                case when has_phone and not {is_typed} then
                    '+{CALLING_CODES[self.chain.country]}{digit}' || digits
                end as phone,
                is_business,
                is_known,
                since_day,
                reason
            from person
        """
        yield f"""
            create table visits as
            select
                visited.*,
                {self.partner_code("visited.partner")} as partner_code,
                people.customer_no,
                people.email,
                people.phone
            from visited
            inner join people on visited.person = people.person
            order by visited.partner, visited.day, visited.person
        """

    def files(self) -> Iterator[File]:
        """All data sets of the chain."""
        yield self._customers()
        yield self._acquisition_reasons()
        yield self._follow_ups()
        yield self._products()
        yield from self._brand_survey()
        yield from self._contacts()

    def by_year(self, number: str) -> str:
        """The SQL of the period of a partner's own file."""
        return f"cast(extract(year from {day(number)}) as varchar) as period"

    def by_country_and_year(self, number: str) -> str:
        """The SQL of the period of a file of a partner that serves several countries."""
        return f"'{self.chain.country}_' || cast(extract(year from {day(number)}) as varchar) as period"

    @property
    def customer_column(self) -> str:
        """What the tier calls its customer number."""
        return "customer_no"

    @property
    def since_column(self) -> str:
        """What the tier calls the first day."""
        return "customer_since"

    def _customers(self) -> File:
        return File(
            self.partner_tier,
            "customers",
            f"""
            select
                visits.partner_code,
                'all' as period,
                people.customer_no as {self.customer_column},
                'Name of ' || people.person as name,
                people.email,
                people.phone,
                case when people.is_business then 'business' else 'private' end as segment,
                {day("case when visits.partner = people.home then people.since_day else min(visits.day) end")}
                    as {self.since_column}
            from visits
            inner join people on visits.person = people.person
            group by
                visits.partner_code,
                visits.partner,
                people.person,
                people.home,
                people.customer_no,
                people.email,
                people.phone,
                people.is_business,
                people.since_day
            order by visits.partner_code, people.person
            """,
        )

    def _acquisition_reasons(self) -> File:
        reasons = "['recommendation', 'reputation', 'advertising', 'location', 'price', 'sales_effort', 'unknown']"
        return File(
            "chain",
            "acquisition_reasons",
            f"""
            select
                visits.partner_code,
                people.customer_no,
                {day("visits.day")} as acquired_on,
                ({reasons})[people.reason + 1] as reason
            from visits
            inner join people on visits.person = people.person
            where visits.visit = 0 and not people.is_known
            """,
        )

    def _follow_ups(self) -> File:
        link = self.partner_link
        opened = "day + 20"
        return File(
            "chain",
            "follow_ups",
            f"""
            select
                'F-' || partner_code || '-' || {self.number("I")} as follow_up_id,
                {self.survey_code} as survey,
                partner_code,
                {self.number("I")} as response_no,
                {day(opened)} as opened_on,
                {day(f"{opened} + 7")} as closed_on,
                case when u_mode < 0.7 then 'resolved' else 'unresolved' end as outcome
            from visits
            where {self.is_answered} and score_{link} <= 6 and u_payer < {FOLLOW_UP_SHARE} and {opened} + 7 < until
            """,
        )

    def _products(self) -> File:
        return File(
            "manufacturer",
            "products",
            f"""
            select
                {manufacturer(self.chain.industry, "m")} as partner_code,
                '{self.chain.country}' as period,
                {self.product("m", "p")} as product_code,
                'Model ' || p as product_name,
                'Line ' || p % 3 as product_line,
                date '2019-01-01' as launched_on
            from range({MANUFACTURERS}) as makers(m), range({PRODUCTS_PER_MANUFACTURER}) as models(p)
            """,
            "parquet",
        )

    def product(self, maker: str, number: str) -> str:
        """The SQL of a product code: every country has its own models."""
        return f"'P{PREFIX[self.chain.industry]}{self.chain.country}' || {maker} || '-' || {number}"

    def _brand_survey(self) -> Iterator[File]:
        sent, answered = "day + 30", "day + 30 + cast(floor(u_delay * 12) as integer)"
        asked = f"u_brand_asked < {BRAND_ASKED_SHARE[self.chain.industry]} and {sent} < until"
        invitation = f"'{self.chain.country}' || {self.number('B')}"
        serial = self.serial() if self.chain.industry == AUTOMOTIVE else "cast(null as varchar)"
        maker = manufacturer(self.chain.industry, self.maker)
        yield File(
            "manufacturer",
            "survey_invitations",
            f"""
            select
                {maker} as partner_code,
                {self.by_country_and_year(sent)},
                {invitation} as invitation_id,
                '{self.chain.country}' as country,
                {moment(sent, "cast(floor(u_mode * 8) as integer)")} as sent_at,
                email,
                case when email is null then phone end as phone,
                {serial} as serial_number,
                {mode(MODES)} as survey_mode,
                case when u_answered < 0.95 then 'delivered' else 'bounced' end as disposition
            from visits
            where {asked}
            order by partner_code, period
            """,
            "parquet",
        )
        yield File(
            "manufacturer",
            "survey_answers",
            f"""
            select
                {maker} as partner_code,
                {self.by_country_and_year(answered)},
                {invitation} as invitation_id,
                {moment(answered, "8")} as answered_at,
                cast(score_manufacturer as varchar) as recommend_score
            from visits
            where {asked} and u_answered < 0.95 and u_brand_answered < {ANSWERED_SHARE} and {answered} < until
            order by partner_code, period
            """,
            "parquet",
        )

    @property
    def maker(self) -> str:
        """The SQL of the number of the manufacturer that a visit concerns."""
        return f"person % {MANUFACTURERS}"

    @property
    def survey_code(self) -> str:
        """The SQL of the survey of the tier that is visited."""
        raise NotImplementedError

    @property
    def is_answered(self) -> str:
        """The SQL of whether the tier that is visited was scored."""
        raise NotImplementedError

    @property
    def caller(self) -> str:
        """The SQL of what a caller tells who they are."""
        raise NotImplementedError

    def _contacts(self) -> Iterator[File]:
        centre = f"'CC-{PREFIX[self.chain.industry]}-{self.chain.country}' as partner_code"
        hour = "cast(floor(u_contact_kind * 8) as integer)"
        yield File(
            "contact_centre",
            "contacts",
            f"""
            select
                {centre},
                {self.by_year("contact_day")},
                {self.number("C")} as contact_id,
                '{self.chain.country}' as country,
                (['phone', 'email', 'chat', 'web'])[1 + cast(floor(u_mode * 4) as integer)] as channel,
                (['complaint', 'question', 'delivery', 'billing'])[1 + cast(floor(u_contact_kind * 4) as integer)]
                    as reason,
                {moment("contact_day", hour)} as opened_at,
                replace({moment("contact_day", hour)}, ':15:', ':45:') as closed_at,
                'A' || person % 50 as agent,
                visit % 3 as transfers,
                u_delay < 0.7 as resolved,
                {money("3 + 9 * u_amount")} as cost,
                '{self.currency}' as currency,
                {self.caller} as caller
            from visits
            where is_contacted
            order by period, contact_day
            """,
            "json",
        )
        answered = "contact_day + 1 + cast(floor(u_delay * 8) as integer)"
        is_answered = f"u_contact_answered < {ANSWERED_SHARE} and {answered} < until"
        yield File(
            "contact_centre",
            "surveys",
            f"""
            select
                {centre},
                {self.by_year("contact_day + 1")},
                {self.number("Q")} as survey_id,
                {self.number("C")} as contact_id,
                {moment("contact_day + 1", "0")} as sent_at,
                {mode(MODES)} as survey_mode,
                case when {is_answered} then {moment(answered, "8")} end as answered_at,
                case when {is_answered} then score_contact_centre end as nps,
                case when {is_answered} then 1 + cast(floor(u_delay * 7) as integer) end as ces,
                case when {is_answered} then 1 + cast(floor(u_delay * 5) as integer) end as csat
            from visits
            where is_contacted and u_contact_asked < {CONTACT_ASKED_SHARE} and contact_day + 1 < until
            order by period, contact_day
            """,
            "json",
        )


class AutomotiveFiles(ChainFiles):
    """Manufacturer, importer, dealer and contact centre."""

    partner_tier = "dealer"
    partner_prefix = "DLR"
    partner_link = "dealer"

    def files(self) -> Iterator[File]:
        """The dealers', importers' and manufacturers' files."""
        yield from super().files()
        yield self._sales_orders()
        yield self._service_orders()
        yield self._dealer_survey("post_sale_survey", "is_sale")
        yield self._dealer_survey("post_service_survey", "not is_sale")
        yield self._shipments()
        yield self._dealer_network()
        yield self._ownership_survey()
        yield self._units_built()
        yield self._warranty_claims()

    @property
    def maker(self) -> str:
        """The unit's."""
        return f"unit % {MANUFACTURERS}"

    @property
    def survey_code(self) -> str:
        """After a sale or after a service."""
        return "case when is_sale then 'post_sale' else 'post_service' end"

    @property
    def is_answered(self) -> str:
        """Asked a few days after the visit, answered a few days later."""
        return (
            f"u_asked < {ASKED_SHARE} and u_answered < {ANSWERED_SHARE} "
            "and day + 2 + cast(floor(u_delay * 10) as integer) < until"
        )

    @property
    def caller(self) -> str:
        """A serial number, and an address or a number."""
        return (
            "{'email': case when u_contact_asked < 0.5 or u_delay < 0.3 then email end, "
            "'phone': case when u_contact_asked >= 0.3 then phone end, "
            f"'serial_number': case when u_delay < 0.6 then {self.serial()} end}}"
        )

    def _sales_orders(self) -> File:
        return File(
            "dealer",
            "sales_orders",
            f"""
            select
                partner_code,
                {self.by_year("day")},
                {self.number("S")} as order_no,
                customer_no,
                {self.serial()} as serial_number,
                case when {self.is_new} then 'new' else 'used' end as order_kind,
                {day("day")} as delivered_on,
                {money("15000 + 20000 * u_amount")} as revenue,
                {money("(15000 + 20000 * u_amount) * (0.88 + 0.08 * u_margin)")} as cost,
                '{self.currency}' as currency
            from visits
            where is_sale
            """,
        )

    @property
    def is_new(self) -> str:
        """The SQL of whether a sale is of a new unit: not that of the person before."""
        return "unit >= person"

    def _service_orders(self) -> File:
        return File(
            "dealer",
            "service_orders",
            f"""
            select
                partner_code,
                {self.by_year("day")},
                {self.number("W")} as order_no,
                customer_no,
                {self.serial()} as serial_number,
                {day("day")} as completed_on,
                case when u_payer < {WARRANTY_SHARE} then 'warranty' else 'customer' end as payer,
                {money("120 + 600 * u_amount")} as revenue,
                {money("(120 + 600 * u_amount) * (0.5 + 0.2 * u_margin)")} as cost,
                '{self.currency}' as currency
            from visits
            where not is_sale
            """,
        )

    def _dealer_survey(self, name: str, which: str) -> File:
        return File(
            "dealer",
            name,
            f"""
            select
                partner_code,
                {self.by_year("day + 1")},
                {self.number("I")} as invitation_no,
                case when is_sale then {self.number("S")} else {self.number("W")} end as order_no,
                customer_no,
                {moment("day + 1", "0")} as sent_at,
                {mode(MODES)} as survey_mode,
                case when {self.is_answered} then
                    {moment("day + 2 + cast(floor(u_delay * 10) as integer)", "8")}
                end as answered_at,
                case when {self.is_answered} then score_dealer end as score
            from visits
            where {which} and u_asked < {ASKED_SHARE} and day + 1 < until
            """,
        )

    def _shipments(self) -> File:
        return File(
            "importer",
            "verzendingen",
            f"""
            select
                {importer(self.chain, "partner")} as partner_code,
                {self.by_year("day - 10")},
                'Z' || {self.serial()} as zendingnummer,
                {self.serial()} as chassisnummer,
                partner_code as dealernummer,
                strftime({day("day - 10")}, '%d-%m-%Y') as verzenddatum,
                replace(cast({money("13000 + 17000 * u_amount")} as varchar), '.', ',') as factuurbedrag,
                '{self.currency}' as valuta
            from visits
            where is_sale and {self.is_new} and day >= 10
            order by 1, 2
            """,
            options=", delimiter ';'",
        )

    def _dealer_network(self) -> File:
        return File(
            "importer",
            "dealernetwerk",
            f"""
            select
                {importer(self.chain, "p")} as partner_code,
                cast(extract(year from month) as varchar) as period,
                strftime(month, '%d-%m-%Y') as peildatum,
                {self.partner_code("p")} as dealernummer,
                'Partner ' || {self.partner_code("p")} as dealernaam,
                case when p % 10 = 3 and month >= date '2024-01-01' then 'New Holding' else 'Holding ' || p end
                    as eigenaar,
                'Town ' || p as plaats,
                'actief' as status
            from range({self.chain.partners}) as p(p),
                range(date '{START}', date '{END}', interval 1 month) as months(month)
            order by 1, 2, month, p
            """,
            options=", delimiter ';'",
        )

    def _ownership_survey(self) -> File:
        sent, answered = "day + 60", "day + 60 + cast(floor(u_delay * 14) as integer)"
        is_answered = f"u_owner_answered < {ANSWERED_SHARE} and {answered} < until"
        return File(
            "importer",
            "eigenaarsonderzoek",
            f"""
            select
                {importer(self.chain, "partner")} as partner_code,
                {self.by_year(sent)},
                {self.number("E")} as uitnodigingsnummer,
                {self.serial()} as chassisnummer,
                case when u_mode < 0.6 then email end as e_mail,
                phone as telefoon,
                strftime({day(sent)}, '%d-%m-%Y') as verzonden_op,
                {mode(("e-mail", "sms", "telefoon", "web"))} as kanaal,
                case when {is_answered} then strftime({day(answered)}, '%d-%m-%Y') end as beantwoord_op,
                case when {is_answered} then score_importer end as cijfer,
                case when {is_answered} then 'J' end as nog_eigenaar
            from visits
            where is_sale and u_owner_asked < {OWNER_ASKED_SHARE} and {sent} < until
            order by 1, 2, day
            """,
            options=", delimiter ';'",
        )

    def _units_built(self) -> File:
        return File(
            "manufacturer",
            "units_built",
            f"""
            with

            units as (

                select
                    unit,
                    min(day) as first_day,
                    arg_min(partner, day) as partner
                from visits
                group by unit

            )

            select
                {manufacturer(AUTOMOTIVE, self.maker)} as partner_code,
                {self.by_country_and_year("first_day - 90")},
                {self.serial()} as serial_number,
                {self.product(self.maker, f"unit % {PRODUCTS_PER_MANUFACTURER}")} as product_code,
                {day("first_day - 90")} as built_on,
                {importer(self.chain, "partner")} as importer_code
            from units
            order by 1, 2
            """,
            "parquet",
        )

    def _warranty_claims(self) -> File:
        return File(
            "manufacturer",
            "warranty_claims",
            f"""
            select
                {manufacturer(AUTOMOTIVE, self.maker)} as partner_code,
                {self.by_country_and_year("day")},
                '{self.chain.country}' || {self.number("K")} as claim_id,
                '{self.chain.country}' as country,
                {self.serial()} as serial_number,
                {day("day")} as claimed_on,
                visits.partner_code as handled_by,
                {money("120 + 600 * u_amount")} as amount,
                '{self.currency}' as currency
            from visits
            where not is_sale and u_payer < {WARRANTY_SHARE}
            order by 1, 2
            """,
            "parquet",
        )


class RetailFiles(ChainFiles):
    """Manufacturer, shop and contact centre."""

    partner_tier = "shop"
    partner_prefix = "SHP"
    partner_link = "shop"

    def files(self) -> Iterator[File]:
        """The shops' files."""
        yield from super().files()
        yield self._receipts()
        yield self._survey()

    @property
    def customer_column(self) -> str:
        """The card's number."""
        return "loyalty_no"

    @property
    def since_column(self) -> str:
        """The card's first day."""
        return "member_since"

    @property
    def survey_code(self) -> str:
        """The shop's only one."""
        return "'shop_visit'"

    @property
    def is_answered(self) -> str:
        """Asked on the receipt."""
        return (
            f"u_anonymous >= {ANONYMOUS_SHARE} and u_answered < {SHOP_ANSWERED_SHARE} / {1 - ANONYMOUS_SHARE} "
            "and day + cast(floor(u_delay * 5) as integer) < until"
        )

    @property
    def caller(self) -> str:
        """A card, an address or a number."""
        return (
            "{'email': case when u_contact_asked < 0.6 then email end, "
            "'phone': case when u_contact_asked >= 0.4 then phone end, "
            "'shop_code': case when u_delay < 0.5 then partner_code end, "
            "'loyalty_no': case when u_delay < 0.5 then customer_no end}"
        )

    def _receipts(self) -> File:
        loyalty = f"case when u_anonymous >= {ANONYMOUS_SHARE} then customer_no end as loyalty_no"
        number = f"cast(floor(u_product / {PRODUCT_SHARE} * {PRODUCTS_PER_MANUFACTURER}) as integer)"
        product = f"case when u_product < {PRODUCT_SHARE} then {self.product(self.maker, number)} end as product_code"
        return File(
            "shop",
            "receipts",
            f"""
            select
                partner_code,
                {self.by_year("day")},
                {self.number("R")} as receipt_no,
                'sale' as receipt_kind,
                {day("day")} as purchased_on,
                {loyalty},
                {product},
                {money("8 + 90 * u_amount")} as revenue,
                {money("(8 + 90 * u_amount) * (0.6 + 0.2 * u_margin)")} as cost,
                '{self.currency}' as currency
            from visits

            union all

            select
                partner_code,
                {self.by_year(f"day + {DAYS_TO_RETURN}")},
                {self.number("R", 1)} as receipt_no,
                'return' as receipt_kind,
                {day(f"day + {DAYS_TO_RETURN}")} as purchased_on,
                {loyalty},
                {product},
                {money("-(8 + 90 * u_amount)")} as revenue,
                {money("-(8 + 90 * u_amount) * (0.6 + 0.2 * u_margin)")} as cost,
                '{self.currency}' as currency
            from visits
            where is_returned
            """,
        )

    def _survey(self) -> File:
        answered = "day + cast(floor(u_delay * 5) as integer)"
        return File(
            "shop",
            "survey",
            f"""
            select
                partner_code,
                {self.by_year(answered)},
                {self.number("I")} as answer_no,
                {moment(answered, "8")} as answered_at,
                {self.number("R")} as receipt_no,
                customer_no as loyalty_no,
                case when u_mode < 0.5 then email end as email,
                {mode(MODES)} as survey_mode,
                score_shop as score
            from visits
            where {self.is_answered}
            """,
        )
