"""The landing folder, generated block by block, so that memory does not grow with the scale."""

import shutil
import sys
import time
from datetime import timedelta
from pathlib import Path

import numpy as np

from demo import administration, automotive, behaviour, contacts, dirty_world, network, people, retail
from demo.behaviour import Experiences
from demo.block import Block
from demo.network import Network
from demo.plan import BLAMED_REASON, CHAINS, DAYS, PEOPLE_STREAM, START, SURVEY_ITEMS, WINDOW_DAYS
from demo.render import Writer
from demo.truth import Truth


def generate(out: Path, truth_path: Path, scale: float, seed: int) -> None:
    """Write the landing folder and the truth file. Same seed and scale, same bytes."""
    started = time.monotonic()
    shutil.rmtree(out, ignore_errors=True)
    writer, truth = Writer(out), Truth(truth_path)
    networks = [network.build(chain, seed, scale) for chain in CHAINS]
    tasks = [(net, number, block, len(net.blocks())) for net in networks for number, block in enumerate(net.blocks())]
    for done, (net, number, partners, blocks) in enumerate(tasks, start=1):
        _block(net, number, partners, blocks, writer, truth, seed)
        rows = sum(writer.rows.values())
        print(
            f"demo: {net.chain.code} block {number + 1}/{blocks} ({done}/{len(tasks)}), {rows:,} rows, "
            f"{time.monotonic() - started:.0f} s",
            file=sys.stderr,
            flush=True,
        )
    administration.write(networks, writer, seed)
    truth.facts.update(
        seed=seed, scale=scale, **_planted(networks), **dirty_world.plant(out, networks), rows_clean=writer.rows
    )
    truth.write()


def _block(
    net: Network, number: int, partners: tuple[int, int], blocks: int, writer: Writer, truth: Truth, seed: int
) -> None:
    """Write one block of partners with all their customers' files."""
    rng = np.random.default_rng([seed, PEOPLE_STREAM, net.chain.number, number])
    first_id = int(net.people[: partners[0]].sum())
    crowd = people.make(net, partners, first_id, rng)
    part = f"_{number + 1:04d}" if blocks > 1 else ""
    block = Block(crowd, net, writer, truth, rng, part)
    events, leaving = _live(crowd, net, rng)
    if net.chain.industry == "automotive":
        accounts, units = automotive.write(block, events[net.kind], events["importer"], events["manufacturer"], leaving)
        talks = events["contact_centre"]
        contacts.write(
            block,
            talks,
            automotive.serial(block, units.of(talks.person, talks.day)),
            accounts,
            automotive.CUSTOMER_WIDTH,
        )
    else:
        accounts = retail.write(block, events[net.kind], events["manufacturer"])
        talks = events["contact_centre"]
        contacts.write(block, talks, retail.serial(block, talks.person), accounts, retail.LOYALTY_WIDTH)
    _record(block, events)


def _live(crowd: people.People, net: Network, rng: np.random.Generator) -> tuple[dict[str, Experiences], np.ndarray]:
    """The experiences that take place, by link, and the day on which each person leaves."""
    visits = behaviour.visits(crowd, net, rng)
    events = {net.kind: visits}
    for link in net.chain.links:
        if link != net.kind:
            halo_from = visits if link == "manufacturer" else None
            events[link] = behaviour.occasions(link, crowd, net, rng, halo_from)
    leaving = behaviour.draw_leaving(list(events.values()), crowd, rng)
    return {link: behaviour.cut(each, leaving, rng) for link, each in events.items()}, leaving


def _record(block: Block, events: dict[str, Experiences]) -> None:
    """Add the block's people and their true retention to the truth."""
    chain, truth = block.chain, block.truth
    truth.persons[chain.code] += len(block.people)
    truth.people_at_two_partners[chain.code] += int((block.people.second >= 0).sum())
    visits = events[block.network.kind]
    keys = np.sort(visits.person.astype(np.int64) * 2 * DAYS + visits.day)
    for link in chain.links:
        truth.retain(chain, link, behaviour.true_retention(events[link], keys, WINDOW_DAYS[chain.industry]))


def _planted(networks: list[Network]) -> dict[str, object]:
    """Dealers that changed importer, partners that were renamed or beg for scores, and what contacts are blamed for."""
    cars = [net for net in networks if net.chain.industry == "automotive"]
    return {
        "importer_moves": [
            {
                "dealer": net.codes[i],
                "date": str(START + timedelta(days=int(net.moves_on[i]))),
                "from": network.parent_of(net, i),
                "to": network.parent_of(net, i, later=True),
            }
            for net in cars
            for i in np.flatnonzero(net.importer != net.importer_after).tolist()
        ],
        "renamed_partners": [
            {"partner": net.codes[i], "date": str(START + timedelta(days=day)), "from": net.names[i], "to": name}
            for net in networks
            for i, (day, name) in net.renamed.items()
        ],
        "begging_partners": [
            {"chain": net.chain.code, "link": net.kind, "partner": net.codes[i]}
            for net in networks
            for i in net.beggars
            if i < len(net.codes)
        ],
        "blamed_contact_reason": BLAMED_REASON,
        "survey_items": {survey: list(items) for survey, items in SURVEY_ITEMS.items()},
    }
