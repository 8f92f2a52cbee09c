"""Loads that random changes would hardly make: each once broke the rule that loading changes equals making all anew."""

import shutil
from pathlib import Path

import duckdb
import pytest
from landing_builder import FIXTURES
from test_loads import Warehouse, differences

from nps_chain.errors import UserError
from nps_chain.people import erasure
from nps_chain.running import build

CUSTOMERS = "customer_no,name,email,phone,segment,customer_since\n"
SERVICE = "order_no,customer_no,serial_number,completed_on,payer,revenue,cost,currency\n"
SALES = "order_no,customer_no,serial_number,order_kind,delivered_on,revenue,cost,currency\n"
SURVEY = "invitation_no,order_no,customer_no,sent_at,survey_mode,answered_at,score,answer_status,rescores\n"
REQUESTS = "request_id,requested_on,country,email,phone\n"
RESCORES = "dealer/SE-D01/post_service_survey_b"
SHARED, HUB = "+46701112233", "+46702223344"


def asked(number: str, order: str, score: int, status: str = "", rescores: str = "") -> str:
    """An answer of the post-service survey."""
    return f"{number},V-{order},10{order},2024-04-12T09:00,,2024-04-28T12:00,{score},{status},{rescores}\n"


def call(number: int, serial: str, day: str) -> str:
    """A call from the shared phone about a unit."""
    return (
        f'{{"contact_id": "CX-{number}", "country": "SE", "channel": "phone", "reason": "question", '
        f'"opened_at": "{day}T10:00:00+01:00", "resolved": true, '
        f'"caller": {{"phone": "{HUB}", "serial_number": "{serial}"}}}}\n'
    )


def put(landing: Path, path: str, text: str) -> None:
    """Lay down a file."""
    (landing / path).parent.mkdir(parents=True, exist_ok=True)
    (landing / path).write_text(text, encoding="utf-8")


def replace_text(landing: Path, path: str, old: str, new: str) -> None:
    """Correct a file."""
    text = (landing / path).read_text(encoding="utf-8")
    assert old in text
    put(landing, path, text.replace(old, new, 1))


def lay_down(landing: Path) -> None:
    """The hand-made landing folder, with what the cases need."""
    shutil.copytree(FIXTURES / "handmade_landing", landing)
    # whose survey it is is known from the order alone
    replace_text(landing, "dealer/SE-D01/post_sale_survey.csv", "U-02,S-02,1002,", "U-02,S-02,,")
    replace_text(landing, "dealer/SE-D01/post_service_survey.csv", "W-03,V-03,1003,", "W-03,V-03,,")
    # Eve is erased; Bob stands on the line below hers
    eve, bob = "2000,E,eve@example.org,,private,2023-01-01\n", "2001,B,bob@example.org,,private,2023-01-02\n"
    put(landing, "dealer/SE-D01/customers_b.csv", CUSTOMERS + eve + bob)
    orders = ("VB-1,2000,,2024-02-11", "VB-2,2001,,2024-02-12")
    put(landing, "dealer/SE-D01/service_orders_b.csv", SERVICE + "".join(f"{o},customer,50,30,SEK\n" for o in orders))
    # a re-score of a re-score, one of an answer that is not there yet, and one of an excluded answer
    again = [asked("W-81", "08", 7, "", "W-08"), asked("W-82", "08", 9, "", "W-81"), asked("W-83", "07", 9, "", "W-99")]
    put(landing, f"{RESCORES}.csv", SURVEY + "".join(again) + asked("W-84", "09", 10, "", "W-09"))
    # seven customers share a phone, and the request that names it reaches nobody
    shared = "".join(f"30{n},N{n},n{n}@example.org,{SHARED},private,2023-01-01\n" for n in range(7))
    put(landing, "dealer/SE-D01/customers_c.csv", CUSTOMERS + shared)
    # Eve's other phone is shared by the units that were called about, of which one had two owners
    put(landing, "dealer/SE-D01/customers_d.csv", CUSTOMERS + f"2009,E,eve@example.org,{HUB},private,2023-01-01\n")
    calls = [call(n, f"ZZHUBUNIT00{n}", f"2024-05-0{n + 1}") for n in range(6)]
    put(landing, "contact_centre/SE-CC/contacts_b.ndjson", "".join([*calls, call(6, "ZZHUBUNIT005", "2024-08-01")]))
    sale = "SX-1,1005,ZZHUBUNIT005,used,2024-07-01,1000.00,900.00,SEK\n"
    put(landing, "dealer/SE-D01/sales_orders_b.csv", SALES + sale)
    requests = f"X-1,2024-11-15,SE,eve@example.org,\nX-2,2024-11-15,SE,,{SHARED}\n"
    put(landing, "chain/erasure_requests.csv", REQUESTS + requests)


class Case:
    """A landing folder and the warehouse of its first load, to be changed by one test."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.landing = folder / "landing"
        self.monkeypatch = monkeypatch
        self.warehouse = Warehouse(folder / "growing", monkeypatch)

    def take_in(self) -> bool:
        """Read the changed folder; whether only changes would be built."""
        self.warehouse.prepare()
        state = build.take_state(self.warehouse.settings)
        return build.take_in(self.warehouse.settings, self.landing, "1", False, state)[1]

    def differences(self) -> dict[str, tuple[int, int]]:
        """Load the changed folder, and compare with a build that knows of nothing before."""
        anew = Warehouse(self.folder / "anew", self.monkeypatch)
        anew.begin_as(self.warehouse)
        self.warehouse.build(self.landing)
        anew.build(self.landing, anew=True)
        return differences(self.warehouse, anew)


@pytest.fixture(scope="module")
def first_load(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first load, which every case begins from."""
    folder = tmp_path_factory.mktemp("first")
    lay_down(folder / "landing")
    with pytest.MonkeyPatch.context() as monkeypatch:
        Case(folder, monkeypatch).warehouse.build(folder / "landing")
    return folder


@pytest.fixture
def case(first_load: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """The same folder as the first load left it: dbt knows its raw files by their place."""
    kept = first_load.with_name("kept")
    if not kept.exists():
        shutil.copytree(first_load, kept, symlinks=True)
    shutil.rmtree(first_load)
    shutil.copytree(kept, first_load, symlinks=True)
    return Case(first_load, monkeypatch)


def test_an_order_refused_by_its_unit_and_a_row_on_the_line_of_an_erased_one(case: Case) -> None:
    units = case.landing / "manufacturer/SE-MFR/units_built.parquet"
    duckdb.execute(
        "copy (select * replace (case when serial_number like '%E000002' then date '2023-12-01' "
        "when serial_number like '%E000003' then date '2024-06-01' else built_on end as built_on) "
        f"from '{units}') to '{units}.new' (format parquet)"
    )
    Path(f"{units}.new").replace(units)
    carol, eve = "2002,C,carol@example.org,,private,2023-01-03\n", "2000,E,eve@example.org,,private,2023-01-01\n"
    put(case.landing, "dealer/SE-D01/customers_b.csv", CUSTOMERS + carol + eve)
    orders = ("VB-3,2002,,2024-02-12", "VB-1,2000,,2024-02-11")
    text = "".join(f"{order},customer,50,30,SEK\n" for order in orders)
    put(case.landing, "dealer/SE-D01/service_orders_b.csv", SERVICE + text)
    assert case.differences() == {}
    assert case.warehouse.loaded_changes


def test_what_is_taken_back_and_cancelled_later_touches_what_was_bought(case: Case) -> None:
    """A credit note by its amount, one that names a car's order, and a cancelled service."""
    lines = (
        "VB-2C,2001,,2024-02-20,customer,-50,-30,SEK,\nV-22,1010,,2024-11-05,customer,1000.00,400.00,SEK,cancelled\n"
    )
    put(case.landing, "dealer/SE-D01/service_orders_e.csv", SERVICE.strip() + ",status\n" + lines)
    line = "S-21R,1007,YV1HANDMADE000020,new,2024-11-20,-300000,-280000,SEK,S-21\n"
    put(case.landing, "dealer/SE-D01/sales_orders_e.csv", SALES.strip() + ",reverses\n" + line)
    assert case.differences() == {}
    assert case.warehouse.loaded_changes
    with duckdb.connect(str(case.warehouse.settings.work_database), read_only=True) as work:
        standing = work.execute("select standing, count(*) from intermediate.int_taken_back group by all order by all")
        assert standing.fetchall() == [("cancelled", 1), ("taken_back", 2), ("takes_back", 2)]


def test_a_first_score_that_comes_after_its_rescore_and_scores_replaced_in_turn(case: Case) -> None:
    """W-99 comes, W-81 goes that W-82 named, W-84 is excluded, W-01 comes with another score and W-02 with none."""
    again = [asked("W-82", "08", 9, "", "W-81"), asked("W-83", "07", 9, "", "W-99")]
    put(case.landing, f"{RESCORES}.csv", SURVEY + "".join(again))
    later = [asked("W-99", "07", 3), asked("W-84", "09", 10, "excluded", "W-09"), asked("W-01", "01", 3)]
    put(case.landing, f"{RESCORES}_later.csv", SURVEY + "".join(later) + "W-02,V-02,1002,2024-02-13T09:00,,,,,\n")
    assert case.differences() == {}
    assert case.warehouse.loaded_changes
    with duckdb.connect(str(case.warehouse.settings.work_database), read_only=True) as connection:
        rows = connection.execute(
            "select response_no, score, programme_score from marts.fct_nps_response "
            "where response_no in ('W-01', 'W-02', 'W-08', 'W-09', 'W-82', 'W-83', 'W-84', 'W-99')"
        ).fetchall()
    found = {number: scores for number, *scores in rows}
    assert found == {
        **{"W-01": [9, 3], "W-02": [9, None], "W-08": [2, 2], "W-09": [2, 2], "W-82": [9, 9], "W-99": [3, 9]},
    }


def test_a_request_for_a_shared_address_is_not_forgotten(case: Case) -> None:
    replace_text(
        case.landing, "dealer/SE-D01/customers_c.csv", f"306,N6,n6@example.org,{SHARED}", "306,N6,n6@example.org,"
    )
    assert not case.take_in()


def test_a_shared_address_may_lose_a_neighbour_by_a_resale(case: Case) -> None:
    (case.landing / "dealer/SE-D01/sales_orders_b.csv").unlink()
    assert not case.take_in()


def test_what_bears_on_nobody_erased_is_loaded_as_a_change(case: Case) -> None:
    put(case.landing, "dealer/SE-D01/customers_e.csv", CUSTOMERS + "2100,F,fay@example.org,,private,2023-01-01\n")
    assert case.take_in()


def test_an_intake_stopped_before_it_erased_is_made_up_for(case: Case) -> None:
    settings = case.warehouse.settings
    with pytest.MonkeyPatch.context() as stopped:
        stopped.setattr(erasure, "erase", lambda *arguments: (_ for _ in ()).throw(KeyboardInterrupt))
        case.warehouse.prepare()
        with pytest.raises(KeyboardInterrupt):
            build.take_in(settings, case.landing, "1")
    assert erasure.is_requested(settings.raw)
    assert not case.take_in()
    assert not erasure.is_requested(settings.raw)


def test_without_the_requests_nothing_is_built(case: Case) -> None:
    (case.landing / "chain/erasure_requests.csv").write_bytes(b"\xff\xfe" + REQUESTS.encode())
    with pytest.raises(
        UserError, match=r"^chain/erasure_requests\.csv was not read: .* nothing is built without it\.$"
    ):
        case.take_in()


def test_a_database_that_somebody_wrote_to_is_not_added_to(case: Case) -> None:
    database = case.warehouse.settings.work_database
    database.with_name(f"{database.name}.wal").write_bytes(b"\0" * 16)
    assert build.take_state(case.warehouse.settings) is None
