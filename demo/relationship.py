"""The manufacturer's files of one block: brand relationship survey and warranty claims."""

import numpy as np
import pyarrow as pa

from demo import people as person_data
from demo import render
from demo.behaviour import Experiences, scores
from demo.block import Block, modes, response_days, sequence, write_follow_ups
from demo.plan import DAYS, LOWEST_PASSIVE

DISPOSITIONS = ["delivered", "bounced", "opted_out"]


def _place(block: Block, name: str, manufacturer: str) -> str:
    return f"manufacturer/{manufacturer}/{name}_{block.chain.country.lower()}{block.part}.parquet"


def write_invitations(block: Block, brand: Experiences, serials: pa.Array, manufacturer: str) -> None:
    """Write invitations, and in files of their own the answers."""
    people, rng, chain = block.people, block.rng, block.chain
    sent, answered_on = response_days(brand.day, rng)
    chosen = np.flatnonzero(brand.invited & (sent < DAYS))
    chosen = chosen[np.lexsort((brand.person[chosen], sent[chosen]))]
    asked, sent, answered_on = brand.keep(chosen), sent[chosen], answered_on[chosen]
    serials = serials.take(pa.array(chosen))
    n = len(asked)
    answered = asked.answered & (answered_on < DAYS)
    disposition = np.where(answered, 0, rng.choice(4, n, p=(0.88, 0.05, 0.03, 0.04)))
    number = render.join(f"B{chain.country}{block.part.strip('_')}-", render.number(sequence(np.zeros(n)), 7))
    block.writer.parquet(
        "manufacturer__survey_invitations",
        _place(block, "survey_invitations", manufacturer),
        {
            "invitation_id": number,
            "country": render.same(chain.country, n),
            "sent_at": render.utc(sent, rng.integers(7 * 3600, 11 * 3600, n)),
            "email": person_data.email(people, asked.person, asked.day, rng, 0.1),
            "phone": person_data.phone(people, asked.person, rng, 0.4),
            "serial_number": render.blank(serials, rng.random(n) > 0.2),
            "survey_mode": modes(n, rng),
            "disposition": render.take(DISPOSITIONS, np.where(disposition == 3, -1, disposition)),
        },
    )
    partner = render.same(manufacturer, n)
    block.truth.identify("manufacturer__survey_invitations", partner, number, people.ids[asked.person])
    score = scores(asked, block.network, rng)
    _write_answers(block, number, answered, answered_on, score, manufacturer)
    write_follow_ups(block, "brand_relationship", partner, number, answered_on, answered & (score < LOWEST_PASSIVE))


def _write_answers(
    block: Block,
    number: pa.Array,
    answered: np.ndarray,
    answered_on: np.ndarray,
    score: np.ndarray,
    manufacturer: str,
) -> None:
    rng = block.rng
    replied = np.flatnonzero(answered)
    replied = replied[np.argsort(answered_on[replied], kind="stable")]
    block.writer.parquet(
        "manufacturer__survey_answers",
        _place(block, "survey_answers", manufacturer),
        {
            "invitation_id": number.take(pa.array(replied)),
            "answered_at": render.utc(answered_on[replied], rng.integers(12 * 3600, 19 * 3600, len(replied))),
            "recommend_score": render.number(score[replied]),
            "comment": render.take(["", "", "ok", "Love it", "Zu teuer"], rng.integers(0, 5, len(replied))),
        },
    )


def write_claims(block: Block, repairs: Experiences, serials: pa.Array, cents: np.ndarray, manufacturer: str) -> None:
    """Write warranty claims, with the dealer or shop that did the repair."""
    n, chain = len(repairs), block.chain
    order = np.lexsort((repairs.person, repairs.day))
    repairs, serials, cents = repairs.keep(order), serials.take(pa.array(order)), cents[order]
    block.writer.parquet(
        "manufacturer__warranty_claims",
        _place(block, "warranty_claims", manufacturer),
        {
            "claim_id": render.join(
                f"C{chain.country}{block.part.strip('_')}-", render.number(sequence(np.zeros(n)), 7)
            ),
            "country": render.same(chain.country, n),
            "serial_number": serials,
            "claimed_on": render.dates(repairs.day),
            "handled_by": render.take(block.network.codes, repairs.partner),
            "amount": render.decimals(cents),
            "currency": render.same(chain.currency, n),
        },
    )
