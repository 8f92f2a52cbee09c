import csv
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from nps_chain.contracts import pages
from nps_chain.contracts.landing import CONTRACT_PATH, SEEDS, load_contract
from nps_chain.contracts.marts import Column, load_tables
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
        (lambda dataset: dataset["columns"][0].update(otherwise="other"), "what other words mean and has no words"),
        (lambda dataset: dataset["columns"][0].update({"as": "file_id"}), "file_id"),
        (lambda dataset: dataset["columns"][0].update({"as": "Bad Name"}), "lower-case"),
    ],
)
def test_fault_in_the_contract_is_one_sentence(tmp_path, change, said):
    with pytest.raises(UserError) as error:
        load_contract(write(tmp_path, change))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda dataset: [dataset.pop("path"), dataset.pop("key")], "data set chain__partners has no path, key"),
        # what lacks is the misspelt one
        (
            lambda dataset: dataset.update(titel=dataset.pop("title")),
            "data set chain__partners has the unknown property titel",
        ),
        (lambda dataset: dataset.pop("name"), "data set number 1 has no name"),
        (
            lambda dataset: dataset["columns"].insert(0, "x"),
            "column number 1 of data set chain__partners is not a mapping",
        ),
        (
            lambda dataset: dataset["columns"][1].update(required="yes"),
            "required of column link of data set chain__partners is 'yes', which should be a valid boolean",
        ),
        (
            lambda dataset: dataset.update(encoding="latin-1"),
            "encoding of data set chain__partners is 'latin-1', which is none of utf-8, windows-1252",
        ),
        (
            lambda dataset: dataset["columns"][1].update(minimum="low"),
            "minimum of column link of data set chain__partners is 'low', which should be a valid number",
        ),
    ],
)
def test_the_sentence_says_where(tmp_path, change, said):
    with pytest.raises(UserError) as error:
        load_contract(write(tmp_path, change))
    assert str(error.value) == f"The landing contract is not valid: {said}."


@pytest.mark.parametrize(("name", "seed"), [("link", "links"), ("survey", "surveys"), ("touchpoint", "touchpoints")])
def test_a_code_that_no_seed_has_is_one_sentence(tmp_path, name, seed):
    document = yaml.safe_load(CONTRACT_PATH.read_text())
    dataset = next(one for one in document["datasets"] if one.get(name))
    dataset[name] = "nowhere"
    path = tmp_path / "landing.yml"
    path.write_text(yaml.safe_dump(document))
    said = f"data set {dataset['name']} names nowhere, which is no row of seeds/{seed}.csv"
    with pytest.raises(UserError) as error:
        load_contract(path)
    assert str(error.value) == f"The landing contract is not valid: {said}."


def without(column: str):
    """Take a column out of a data set."""
    return lambda dataset: dataset["columns"].remove(next(one for one in dataset["columns"] if one["name"] == column))


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("shop__survey", {"survey": "post_sale"}, "names post_sale, which is of another link in seeds/surveys.csv"),
        ("shop__receipts", {"touchpoint": "sale"}, "names sale, which is of another link in seeds/touchpoints.csv"),
        (
            "shop__survey",
            {"key": ["partner_code", "answer_no", "receipt_no"]},
            "has the shape survey, whose key is partner_code and one column more",
        ),
        ("shop__survey", without("score"), "has the shape survey and no column score"),
        ("shop__receipts", without("revenue"), "has the shape transaction and no column revenue"),
        ("contact_centre__contacts", without("reason"), "has the shape contact and no column reason"),
        (
            "shop__customers",
            lambda dataset: dataset["columns"][0].pop("identity"),
            "has the shape party and no identity of its customers",
        ),
    ],
)
def test_what_a_shape_and_the_seeds_ask_for_is_one_sentence(tmp_path, name, change, said):
    document = yaml.safe_load(CONTRACT_PATH.read_text())
    dataset = next(one for one in document["datasets"] if one["name"] == name)
    if callable(change):
        change(dataset)
    else:
        dataset.update(change)
    path = tmp_path / "landing.yml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(UserError) as error:
        load_contract(path)
    assert str(error.value) == f"The landing contract is not valid: data set {name} {said}."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "The landing contract is not valid: it is not a mapping."),
        ("version: 1", "The landing contract is not valid: it has no datasets."),
        (
            "{version: 1, datasets: x}",
            "The landing contract is not valid: datasets is 'x', which should be a valid list.",
        ),
    ],
)
def test_a_contract_of_another_make_is_one_sentence(tmp_path, text, said):
    path = tmp_path / "landing.yml"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        load_contract(path)
    assert str(error.value) == said
    path.write_text("{")
    with pytest.raises(UserError, match="cannot be read"):
        load_contract(path)


def test_contract_that_is_no_yaml_is_one_sentence(tmp_path):
    path = tmp_path / "landing.yml"
    path.write_text("a: [")
    with pytest.raises(UserError, match="cannot be read"):
        load_contract(path)


def test_landing_page_is_up_to_date():
    assert pages.DOCS_PATH.read_text(encoding="utf-8") == pages.render(load_contract()), "run `make docs`"


def test_the_page_keeps_a_source_together_wherever_its_data_sets_stand():
    """And a delimiter that has no name of its own stands as it is."""
    contract = load_contract()
    stray = replace(contract.dataset("dealer__customers"), name="dealer__strays", title="Strays", delimiter="|")
    page = pages.render(replace(contract, datasets=(*contract.datasets, stray)))
    assert page.count("## Dealer\n") == 1
    assert page.index("### Strays") < page.index("## Shop\n")
    assert "CSV, `|` between fields" in page


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


def test_retention_of_every_industry_is_shown_after_its_window() -> None:
    """The verdict shows the retention of that horizon; an industry without it would have none."""
    with (SEEDS / "industries.csv").open(encoding="utf-8", newline="") as stream:
        windows = {(row["industry_code"], row["retention_window_days"]) for row in csv.DictReader(stream)}
    with (SEEDS / "retention_horizons.csv").open(encoding="utf-8", newline="") as stream:
        horizons = {(row["industry_code"], row["horizon_days"]) for row in csv.DictReader(stream)}
    assert windows and windows <= horizons


# ------------------------------------------------------------------ the contracts of public tables

MODELS = """
models:
  - name: mart_a
    description: One row per {{ doc('thing') }}
    constraints: [{type: primary_key, columns: [one, two]}]
    columns:
      - name: one
        data_type: bigint
        description: '{{ doc("thing") }} {{ doc("other") }}'
        constraints: [{type: not_null}]
      - name: two
        data_type: decimal(10, 2)
  - name: int_b
    columns: [{name: untyped}]
"""
BLOCKS = "{% docs thing %}\nA thing.\n{% enddocs %} {% docs other %}And more.{% enddocs %}"


def write_models(folder: Path, text: str) -> Path:
    (folder / "question").mkdir(parents=True)
    (folder / "question" / "_question.yml").write_text(text)
    (folder / "question" / "blocks.md").write_text(BLOCKS)
    (folder / "_sources.yml").write_text("sources: []\n")
    (folder / "_empty.yml").write_text("")
    return folder


def test_public_tables_are_found_by_name_in_any_folder(tmp_path):
    (table,) = load_tables(write_models(tmp_path, MODELS))
    assert (table.name, table.key, table.description) == ("mart_a", ("one", "two"), "One row per A thing.")
    assert table.columns == (
        Column("one", "BIGINT", True, "A thing. And more."),
        Column("two", "DECIMAL(10,2)", False, ""),
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("data_type: bigint", "tags: []", "The contract of mart_a is not valid: column one has no data_type."),
        ("doc('thing')", "doc('nothing')", "A description names the doc block nothing, which stands in no file"),
    ],
)
def test_fault_in_a_public_contract_is_one_sentence(tmp_path, old, new, said):
    assert old in MODELS
    with pytest.raises(UserError) as error:
        load_tables(write_models(tmp_path, MODELS.replace(old, new)))
    assert str(error.value).startswith(said)


def test_every_survey_with_answers_can_say_what_its_programme_did() -> None:
    said = {"programme_status", "exclusion_reason", "rescores"}
    for dataset in load_contract().datasets:
        names = {column.alias for column in dataset.stored_columns}
        assert said & names == (said if "answers" in dataset.holds else set()), dataset.name
        for column in dataset.stored_columns:
            # a word nobody knows must not cost the answer
            assert column.alias != "programme_status" or (column.otherwise and not column.allowed)
