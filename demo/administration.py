"""Chain administration, product masters and the importers' network snapshots."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from demo import automotive, render, retail
from demo.network import FAMILIES, IMPORTER_NAMES, IMPORTERS, Network, parent_of
from demo.plan import ADMINISTRATION_STREAM, CHAINS, END, LINKS, MANUFACTURER, START, Chain

MONTHS = [date(START.year + (START.month - 1 + i) // 12, (START.month - 1 + i) % 12 + 1, 1) for i in range(36)]
PARTNERS_HEADER = "partner_code,link,industry,country,partner_name,parent_partner_code,owner_name,valid_from,valid_to"
FOUNDED = "2015-01-01"
HEAD_COUNTS = {"manufacturer": 60, "importer": 45, "dealer": 900, "shop": 420, "contact_centre": 70}
COST_PER_HEAD = {"manufacturer": 410, "importer": 380, "dealer": 45, "shop": 38, "contact_centre": 290}
BENCHMARKS = {"manufacturer": 36, "importer": 24, "dealer": 26, "shop": 38, "contact_centre": -4}
MANUFACTURER_NAMES = {"automotive": "Velda Motor Works", "retail": "Orma Devices"}


def write(networks: list[Network], writer: render.Writer, seed: int) -> None:
    """Write everything that does not grow with the customers."""
    _partners(networks, writer)
    rng = np.random.default_rng([seed, ADMINISTRATION_STREAM])
    _programme_costs(writer, rng)
    _benchmarks(writer, rng)
    _exchange_rates(writer, rng)
    _products(writer)
    for network in networks:
        if network.chain.industry == "automotive":
            _snapshots(network, writer)


def _partners(networks: list[Network], writer: render.Writer) -> None:
    lines = [
        f"{code},manufacturer,{industry},,{MANUFACTURER_NAMES[industry]},,,{FOUNDED},"
        for industry, code in MANUFACTURER.items()
    ]
    for network in networks:
        chain = network.chain
        lines.append(
            f"{chain.contact_centre},contact_centre,{chain.industry},{chain.country},"
            f'"Customer care {chain.country}, {chain.industry}",{MANUFACTURER[chain.industry]},,{FOUNDED},'
        )
        if chain.industry == "automotive":
            lines += [
                f"{code},importer,automotive,{chain.country},{IMPORTER_NAMES[code]},{MANUFACTURER['automotive']},,{FOUNDED},"
                for code in IMPORTERS[chain.country]
            ]
        for position in range(len(network.codes)):
            lines += _versions(network, position)
    writer.text("chain__partners", "chain/partners.csv", PARTNERS_HEADER, lines)


def _versions(network: Network, position: int) -> list[str]:
    """A row, or two for a partner that was renamed. Moves between importers are left to the snapshots."""
    head = f"{network.codes[position]},{network.kind},{network.chain.industry},{network.chain.country}"
    tail = f"{parent_of(network, position)},{network.owners[position]}"
    if position not in network.renamed:
        return [f"{head},{network.names[position]},{tail},{FOUNDED},"]
    day, name = network.renamed[position]
    changed = START + timedelta(days=day)
    return [
        f"{head},{network.names[position]},{tail},{FOUNDED},{changed - timedelta(days=1)}",
        f"{head},{name},{tail},{changed},",
    ]


def _chain_links() -> list[tuple[Chain, str]]:
    return [(chain, link) for chain in CHAINS for link in LINKS[chain.industry]]


def _programme_costs(writer: render.Writer, rng: np.random.Generator) -> None:
    lines = []
    for chain, link in _chain_links():
        staff = HEAD_COUNTS[link] * chain.partners / 36
        for month in MONTHS:
            heads = staff * rng.normal(1, 0.02)
            cost = heads * COST_PER_HEAD[link] * chain.price_level * rng.normal(1, 0.05)
            lines.append(
                f"{chain.industry},{chain.country},{link},{month:%Y-%m},{cost:.2f},{chain.currency},{heads:.1f}"
            )
    writer.text(
        "chain__programme_costs",
        "chain/programme_costs.csv",
        "industry,country,link,month,programme_cost,currency,head_count",
        lines,
    )


def _benchmark(link: str, year: int, rng: np.random.Generator) -> float:
    """A norm that rises a little every year."""
    return BENCHMARKS[link] + 1.5 * (year - START.year) + rng.normal(0, 1.5)


def _benchmarks(writer: render.Writer, rng: np.random.Generator) -> None:
    lines = [
        f'{chain.industry},{chain.country},{link},{year},{_benchmark(link, year, rng):.1f},"Trade panel, all brands"'
        for chain, link in _chain_links()
        for year in range(START.year, END.year + 1)
    ]
    writer.text("chain__benchmarks", "chain/benchmarks.csv", "industry,country,link,year,nps,source", lines)


def _exchange_rates(writer: render.Writer, rng: np.random.Generator) -> None:
    """Write rates of sterling for every month, of Swedish crowns for the first year only: later ones are missing."""
    lines = [f"{month:%Y-%m},GBP,{1.165 + rng.normal(0, 0.012):.5f}" for month in MONTHS]
    lines += [f"{month:%Y-%m},SEK,{0.088 + rng.normal(0, 0.001):.5f}" for month in MONTHS[:12]]
    writer.text("chain__exchange_rates", "chain/exchange_rates.csv", "month,currency,eur_per_unit", lines)


def _products(writer: render.Writer) -> None:
    for industry, codes in (("automotive", automotive.PRODUCTS), ("retail", retail.PRODUCTS)):
        name = MANUFACTURER_NAMES[industry].split()[0]
        writer.parquet(
            "manufacturer__products",
            f"manufacturer/{MANUFACTURER[industry]}/products.parquet",
            {
                "product_code": pa.array(codes),
                "product_name": pa.array([f"{name} {code}" for code in codes]),
                "product_line": pa.array([code[0] for code in codes]),
                "launched_on": pa.array([date(2001 + i, 3, 1) for i in range(len(codes))]),
            },
        )


def _snapshots(network: Network, writer: render.Writer) -> None:
    """Write the dealer network on the first of each month, a file per importer and month."""
    codes = IMPORTERS[network.chain.country]
    everyone = np.arange(len(network.codes))
    families = FAMILIES[network.chain.country]
    for month in MONTHS:
        day = (month - START).days
        importer = network.importer_on(everyone, np.full(len(everyone), day))
        for position, code in enumerate(codes):
            lines = []
            for dealer in np.flatnonzero(importer == position):
                renamed_on, new_name = network.renamed.get(int(dealer), (10**6, ""))
                name = new_name if day >= renamed_on else network.names[dealer]
                owner = network.owners[dealer] or f"{families[dealer % len(families)]} BV"
                status = "" if dealer % 17 == 5 else "actief"
                lines.append(
                    f"{month:%d-%m-%Y};{network.codes[dealer]};{name};{owner};{network.towns[dealer]};{status}\r"
                )
            writer.text(
                "importer__dealer_network",
                f"importer/{code}/dealernetwerk_{month:%Y-%m}.csv",
                "peildatum;dealernummer;dealernaam;eigenaar;plaats;status\r",
                lines,
                "cp1252",
            )
