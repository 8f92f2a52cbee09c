import csv
from pathlib import Path

import pytest
import yaml

from nps_chain.contracts import pages
from nps_chain.contracts.landing import CONTRACT_PATH, load_contract
from nps_chain.errors import UserError
from nps_chain.people.identity import COUNTRIES_PATH
from nps_chain.settings import ROOT


def write(tmp_path: Path, change) -> Path:
    document = yaml.safe_load(CONTRACT_PATH.read_text())
    change(document["datasets"][0])
    path = tmp_path / "landing.yml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_contract_is_valid():
    contract = load_contract()
    assert len(contract.datasets) == 25
    customers = contract.dataset("dealer__customers")
    assert customers.has_partner_folder
    assert customers.pattern.fullmatch("dealer/NL-1/customers_2024.csv")["partner_code"] == "NL-1"
    assert not customers.pattern.fullmatch("dealer/a/b/customers.csv")
    assert "name" not in [column.name for column in customers.stored_columns]


def test_every_path_belongs_to_one_data_set():
    contract = load_contract()
    for dataset in contract.datasets:
        path = dataset.path.replace("{partner_code}", "P1").replace("*", "")
        assert [other.name for other in contract.datasets if other.pattern.fullmatch(path)] == [dataset.name]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda dataset: dataset.pop("path"), "has no path"),
        (lambda dataset: dataset.update(format="xlsx"), "xlsx"),
        (lambda dataset: dataset.update(colour="red"), "unknown property colour"),
        (lambda dataset: dataset.update(key=["nothing"]), "key of data set chain__partners"),
        (lambda dataset: dataset["columns"].append(dict(dataset["columns"][0])), "partner_code is there twice"),
        (lambda dataset: dataset["columns"][0].update(type="string"), "'string'"),
        (lambda dataset: dataset["columns"][0].update(identity="passport"), "'passport'"),
        (lambda dataset: dataset["columns"][0].update(scope=["nowhere"]), "scope"),
        (lambda dataset: dataset["columns"][0].update({"as": "file_id"}), "file_id"),
        (lambda dataset: dataset["columns"][0].update({"as": "Bad Name"}), "lower-case"),
    ],
)
def test_fault_in_the_contract_is_one_sentence(tmp_path, change, said):
    with pytest.raises(UserError) as error:
        load_contract(write(tmp_path, change))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_contract_that_is_no_yaml_is_one_sentence(tmp_path):
    path = tmp_path / "landing.yml"
    path.write_text("a: [")
    with pytest.raises(UserError, match="cannot be read"):
        load_contract(path)


def test_landing_page_is_up_to_date():
    assert pages.DOCS_PATH.read_text(encoding="utf-8") == pages.render(load_contract()), "run `make docs`"


def test_landing_page_names_every_column_and_reason():
    page = pages.render(load_contract())
    assert "<<" not in page
    for dataset in load_contract().datasets:
        assert f"`{dataset.path}`" in page
        assert all(f"| `{column.name}` |" in page for column in dataset.columns)


def test_times_of_every_known_country_are_read_fast():
    """A zone of the seed that dbt_project.yml does not list is looked up at every row."""
    with COUNTRIES_PATH.open(encoding="utf-8", newline="") as stream:
        zones = {row["time_zone"] for row in csv.DictReader(stream)}
    assert zones <= set(yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]["time_zones"])
