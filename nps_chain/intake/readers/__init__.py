"""One reader for each format of the contract: how its files become rows of a raw file."""

from nps_chain.intake.readers.csv_files import CsvReader
from nps_chain.intake.readers.ndjson_files import NdjsonReader
from nps_chain.intake.readers.parquet_files import ParquetReader
from nps_chain.intake.readers.reader import Reader

READERS: dict[str, type[Reader]] = {"csv": CsvReader, "ndjson": NdjsonReader, "parquet": ParquetReader}
