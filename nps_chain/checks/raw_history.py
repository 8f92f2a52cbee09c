"""How much a data set delivers, and how it is scored: the newest days against the days before them.

The last day of a data set is its own: one that is delivered later than the others has not collapsed.
"""

from dataclasses import dataclass

from nps_chain.checks.engine import Bench
from nps_chain.checks.limits import Score, Volume
from nps_chain.checks.raw_faults import SCORE, SCORES, Calendar, no_score, value
from nps_chain.contracts.landing import Dataset
from nps_chain.sql_quoting import identifier, literal


@dataclass(frozen=True)
class Strays:
    """Days behind a gap that hold next to nothing are typing errors (the vars of dbt_project.yml)."""

    gap_days: int
    max_share: float


@dataclass(frozen=True)
class History:
    """Makes the tables `volume_<data set>`, `score_<data set>` and `newest_<data set>` of one data set."""

    bench: Bench
    dataset: Dataset
    limits: Volume
    calendar: Calendar
    strays: Strays

    @property
    def _partner(self) -> str:
        return "partner_code" if self.dataset.has_partner_folder else "'chain'"

    def _day(self, name: str) -> str:
        column = next(column for column in self.dataset.columns if column.alias == name)
        return value(self.dataset, column)

    def _windows(self, table: str, day: str, columns: str, condition: str) -> str | None:
        """Make a table of rows per partner, file and window (0 is the newest); return the last day."""
        dated, last = f"dated_{table}", f"last_{table}"
        self.bench.run(
            f"create temp table {dated} as select * from (select {self._partner} as partner, file_id, {day} as day, "
            f"{columns} from {identifier('raw_' + self.dataset.name)} where {condition} group by all) "
            f"where day between {self.calendar.days}"
        )
        self.bench.run(
            f"create temp table {last} as with days as (select day, cast(sum(rows) as bigint) as rows from {dated} "
            "group by day), runs as (select day, date_diff('day', lag(day) over (order by day), day) as gap, "
            "sum(rows) over (order by day desc) as tail, sum(rows) over () as total from days), "
            f"strays as (select min(day) as from_day from runs where gap > {self.strays.gap_days} "
            f"and tail <= greatest(1, {self.strays.max_share} * total)) "
            "select max(day) as day from days, strays where from_day is null or day < from_day"
        )
        self.bench.run(
            f"create table {table} as select {dated}.* exclude (day), "
            f"cast(floor(date_diff('day', {dated}.day, {last}.day) / {self.limits.window_days}) as integer) as step "
            f"from {dated}, {last} where {dated}.day <= {last}.day and step <= {self.limits.windows}"
        )
        ((day_found,),) = self.bench.run(f"select cast(day as varchar) from {last}")
        return None if day_found is None else str(day_found)

    def volume_by_day(self, day: str) -> str | None:
        """Rows per partner in the newest window and in a usual one; return the last day."""
        name = self.dataset.name
        last = self._windows(f"windows_{name}", self._day(day), "count(*) as rows", "true")
        self.bench.run(
            f"create table volume_{name} as with counted as (select partner, step, sum(rows) as rows "
            f"from windows_{name} group by all) select partner, "
            "coalesce(sum(rows) filter (where step = 0), 0) as newest, "
            "median(rows) filter (where step > 0) as usual from counted group by partner "
            f"having count(*) filter (where step > 0) = {self.limits.windows}"
        )
        self.bench.run(f"create table newest_{name} as select partner, file_id from windows_{name} where step = 0")
        return last

    def volume_by_file(self) -> None:
        """Rows of the newest file of a series and of a usual one before it: files whose names differ in digits only."""
        name = self.dataset.name
        self.bench.run(
            f"create table newest_{name} as with named as (select file_id, file_path, rows_read, "
            "concat(regexp_extract(file_path, '^.*/'), "
            "regexp_replace(regexp_extract(file_path, '[^/]*$'), '[0-9]+', '#', 'g')) as partner "
            f"from files where dataset = {literal(name)} and status = 'loaded') "
            "select *, row_number() over (partition by partner order by file_path desc) = 1 as is_newest from named"
        )
        self.bench.run(
            f"create table volume_{name} as select partner, sum(rows_read) filter (where is_newest) as newest, "
            f"median(rows_read) filter (where not is_newest) as usual from newest_{name} group by partner "
            f"having count(*) > {self.limits.min_files}"
        )
        self.bench.run(f"delete from newest_{name} where not is_newest")

    def scores(self, answered: str, limits: Score) -> None:
        """Per partner: answers, their sum, the nines and tens, and what is no score, newest and before."""
        name = self.dataset.name
        text = identifier(SCORE)
        self._windows(
            f"answers_{name}",
            self._day(answered),
            f"count(*) as rows, count(*) filter (where trim({text}) in ({SCORES})) as answers, "
            f"coalesce(sum(case when trim({text}) in ({SCORES}) then cast(trim({text}) as integer) end), 0) as points, "
            f"count(*) filter (where trim({text}) in ('9', '10')) as promoters, "
            f"count(*) filter (where {no_score(text)}) as no_scores",
            f"{text} is not null",
        )
        sums = ", ".join(
            f"coalesce(cast(sum({column}) filter (where step {side}) as bigint), 0) as {when}_{column}"
            for when, side in (("newest", "= 0"), ("earlier", "> 0"))
            for column in ("rows", "answers", "points", "promoters", "no_scores")
        )
        self.bench.run(f"create table score_{name} as select partner, {sums} from answers_{name} group by partner")

    def score_causes(self, answered: str, figure: str, moved: float) -> tuple[list[str], str]:
        """Files whose newest answers moved a figure, those that moved it most first, and the condition of such answers.

        Most files, and most answers even of these, may be as they always were.
        """
        name = self.dataset.name
        weight, is_cause = self._score_cause(figure, 1 if moved > 0 else -1)
        ids = f"select file_id from answers_{name} where step = 0 group by file_id having {weight} > 0"
        paths = self.bench.run(
            f"select file_path from answers_{name} inner join files using (file_id) where step = 0 "
            f"group by file_path having {weight} > 0 order by {weight} desc, file_path"
        )
        last = f"(select day from last_answers_{name})"
        is_newest = f"{self._day(answered)} between {last} - {self.limits.window_days - 1} and {last}"
        return [path for (path,) in paths], f"{is_cause} and {is_newest} and file_id in ({ids})"

    def _score_cause(self, figure: str, sign: int) -> tuple[str, str]:
        """How much a group of newest answers moved a figure up (1) or down (-1), and whether an answer did."""
        text = identifier(SCORE)
        if figure == "no_score":
            return "sum(no_scores)", no_score(text)
        column, value_of = (
            ("points", f"try_cast(trim({text}) as integer)")
            if figure == "mean_moved"
            else ("promoters", f"cast(trim({text}) in ('9', '10') as integer)")
        )
        earlier = f"(select sum(earlier_{column}) / nullif(sum(earlier_answers), 0) from score_{self.dataset.name})"
        weight = f"{sign} * (sum({column}) - {earlier} * sum(answers))"
        return weight, f"trim({text}) in ({SCORES}) and {sign} * ({value_of} - {earlier}) > 0"

    def volume_figures(self) -> tuple[float | None, list[str]]:
        """Rows of the newest window or list / usual ones, and the partners that are far from theirs."""
        name, limits = self.dataset.name, self.limits
        ((ratio,),) = self.bench.run(
            f"select case when sum(usual) >= {limits.min_rows} then sum(newest) / sum(usual) end from volume_{name}"
        )
        partners = self.bench.run(
            f"select partner from volume_{name} where usual >= {limits.min_rows} "
            f"and newest / usual not between {limits.partner_low} and {limits.partner_high} order by newest / usual, 1"
        )
        return ratio, [partner for (partner,) in partners]

    def score_figures(self, limits: Score) -> tuple[dict[str, float], list[str]]:
        """Figures of the newest window and how far they moved, and the partners whose mean moved far."""
        name = self.dataset.name
        figures = (
            "newest_points / nullif(newest_answers, 0) as newest_mean",
            "earlier_points / nullif(earlier_answers, 0) as earlier_mean",
            "newest_mean - earlier_mean as mean_moved",
            "newest_promoters / nullif(newest_answers, 0) "
            "- earlier_promoters / nullif(earlier_answers, 0) as promoters_moved",
            "newest_no_scores / newest_rows as no_score",
        )
        names = [figure.rpartition(" ")[2] for figure in figures]
        columns = [row[0] for row in self.bench.run(f"select column_name from (describe score_{name})")]
        totals = ", ".join(f"sum({column}) as {column}" for column in columns if column != "partner")
        rows = self.bench.run(
            f"select {', '.join(figures)} from (select {totals} from score_{name}) "
            f"where newest_rows >= {limits.min_answers} and earlier_rows >= {limits.min_answers}"
        )
        partners = self.bench.run(
            f"select partner from score_{name} where newest_answers >= {limits.partner_min_answers} "
            f"and earlier_answers >= {limits.partner_min_answers} and abs(newest_points / newest_answers "
            f"- earlier_points / earlier_answers) > {limits.partner_mean} order by 1"
        )
        found = {key: figure for row in rows for key, figure in zip(names, row, strict=True) if figure is not None}
        return found, [partner for (partner,) in partners]
