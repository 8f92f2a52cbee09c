"""One spelling for every value, and none for a value that only says that there is none: SQL macros of the intake.

Every macro asks first what almost every value answers at once, since all values of all files pass.
"""

from collections.abc import Iterable

from nps_chain.contracts.no_value import MANGLED, ZERO_DAY, no_value
from nps_chain.people import phones
from nps_chain.sql_quoting import literal

# What surrounds a value without being part of it: white space, spaces that do not break, signs without a width.
BLANKS = " \t\r\n\v\f\u00a0\u2007\u202f\u200b\u200e\u200f\u2060\ufeff"
QUOTES = "'\"`\u00b4\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a"
APOSTROPHES = "'`\u00b4\u2018\u2019"
# Signs without a width anywhere in a value; spaces of other widths, which a line end is not; dashes; @ and points of
# another width.
INVISIBLE = r"[\x{00AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{FEFF}]"
SPACES = r"[ \t\x{00A0}\x{1680}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}]+"
DASHES = r"[\x{2010}-\x{2015}\x{2212}\x{FE58}\x{FE63}\x{FF0D}]"
WIDE, NARROW = "\uff20\ufe6b\uff0e\u3002", "@@.."
VIN_LENGTH = 17
# Signs that no VIN has, since they are taken for others.
VIN_WRONG, VIN_RIGHT = "OQI", "001"
GOOGLE = "gmail.com", "googlemail.com"
# A number that a spreadsheet took for a date is shorter than so many bytes.
LONGEST_DATE = 12
# from so many equal signs on a number was typed to fill a field
EQUAL_SIGNS = 7

# Looking at a value's ends costs a third of what a regular expression does, and trimming twice as much. A blank within
# ASCII sorts before the first sign that is none; a value of more bytes than signs is not ASCII.
_HAS_END = " or ".join(
    ["x < '!'", "strlen(x) <> length(x)", "ends_with(x, '\"')"]
    + [f"ends_with(x, '{blank}')" for blank in BLANKS if blank.isascii()]
)


def macros(calling_codes: Iterable[str]) -> str:
    """The macros in SQL; phone numbers of these countries are read without asking the library."""
    words = no_value()
    codes = tuple(sorted(set(calling_codes)))
    whole, trunks = literal(phones.whole_numbers(codes)), _list(phones.trunk_codes(codes))
    has_wrong = " or ".join(f"contains(x, '{sign}')" for sign in VIN_WRONG)
    numbers, quotes, signs = _list(words.numbers), literal(QUOTES + BLANKS), literal(QUOTES)
    dates = literal(words.of_dates)
    apostrophe = literal(f"(?s)[{APOSTROPHES}][0-9A-Za-z].*")
    return rf"""
-- a spreadsheet keeps noughts by writing ="000123"
create or replace macro unwrapped(x) as
    case when starts_with(x, '="') and strlen(x) > 3 then substr(x, 3, length(x) - 3) else x end;
create or replace macro clean(x) as
    case when {_HAS_END} then nullif(trim(unwrapped(trim(x, '{BLANKS}')), '{BLANKS}'), '') else x end;

-- words for no value: of a column of codes, of a text, of a number that names something
create or replace macro known_code(x) as
    case when x >= '0' and x < ':' then x when regexp_full_match(x, {literal(words.of_codes)}) then null else x end;
create or replace macro known_text(x) as
    case when x >= '0' and x < ':' then x when regexp_full_match(x, {literal(words.of_texts)}) then null else x end;
create or replace macro known_number(x) as
    case when x >= '0' and x < ':' then x when regexp_full_match(x, {literal(words.of_numbers)}) then null else x end;
create or replace macro known_day(x) as
    case when starts_with(x, {literal(ZERO_DAY)}) then null else known_text(x) end;
create or replace macro known_score(x, answers) as
    case
        when x >= '0' and x < ':' then x
        when list_contains(answers, lower(x)) then x
        when regexp_full_match(x, {literal(words.of_codes)}) then null
        else x
    end;

-- 9.0 is how a column of whole numbers with blanks is written by programs that know no blank whole number
create or replace macro whole(x) as
    case when contains(x, '.') and regexp_full_match(x, '[+-]?[0-9]+\.0+') then split_part(x, '.', 1) else x end;
create or replace macro whole_with_comma(x) as
    case when regexp_full_match(x, '[+-]?[0-9]+[.,]0+') then regexp_extract(x, '[+-]?[0-9]+') else x end;

create or replace macro visible(x) as
    trim(regexp_replace(regexp_replace(nfc_normalize(x), '{INVISIBLE}', '', 'g'), '{SPACES}', ' ', 'g'));
-- quotes around a value; an apostrophe before it, by which spreadsheets know text; a quote of the value's own stays
create or replace macro unquoted(x) as
    case
        when strlen(x) = 1 then x
        when contains({signs}, left(x, 1)) and contains({signs}, right(x, 1)) then trim(x, {quotes})
        when regexp_full_match(x, {apostrophe}) then substr(x, 2)
        else x
    end;
create or replace macro bare(x) as
    nullif(unquoted(regexp_replace(visible(x), '{DASHES}', '-', 'g')), '');
create or replace macro read_number(x, mangled) as
    case when regexp_full_match(x, {literal(f"{MANGLED}|{words.of_dates}")}) then mangled else whole(x) end;
create or replace macro is_date(x) as
    strlen(x) < {LONGEST_DATE} and (contains(x, '-') or contains(x, ' ')) and regexp_full_match(x, {dates});
-- a number that names something, in one spelling; `mangled` stands for one that a spreadsheet shortened or took for a
-- date
create or replace macro spelled(x, mangled) as
    case
        when x >= '0' and not contains(x, '.') and not contains(x, '+') and strlen(x) = length(x)
            then case when is_date(x) then mangled else x end
        else coalesce(read_number(bare(x), mangled), case when bare(x) is null then x end)
    end;

-- digits that were typed to fill a field
create or replace macro filled(x) as
    strlen(x) >= {EQUAL_SIGNS}
    and (ends_with(x, left(x, 1)) and replace(x, left(x, 1), '') = '' or list_contains({numbers}, x));
create or replace macro somebody(x, noughts) as
    case
        when filled(x) then null
        when starts_with(x, '0') and ends_with(x, '0') and strlen(x) >= noughts and replace(x, '0', '') = '' then null
        else x
    end;

create or replace macro vin(x) as
    case when strlen(x) = {VIN_LENGTH} and ({has_wrong}) then translate(x, '{VIN_WRONG}', '{VIN_RIGHT}') else x end;
create or replace macro spelled_serial(x) as vin(nullif(regexp_replace(upper(x), '[\s-]', '', 'g'), ''));

-- Name <a@b.nl>, mailto:a@b.nl, "a@b.nl"; of several addresses the first
create or replace macro within_brackets(x) as
    coalesce(nullif(regexp_extract(x, '<([^<>]*@[^<>]*)>', 1), ''), x);
create or replace macro first_address(x) as
    regexp_replace(
        trim(regexp_extract(x, '[^,;]*'), {literal(QUOTES + BLANKS + ".:<>()[]")}),
        '^(?i:mailto:)\s*|(\?[^@]*$)', '', 'g'
    );
create or replace macro address_form(x) as
    case when regexp_full_match(x, '[^@\s,;<>"]+@[^@\s,;<>"]+\.[^@\s,;<>".]{{2,}}') then lower(x) end;
create or replace macro spelled_email(x) as
    case
        when regexp_full_match(x, '[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]{{2,}}') then lower(x)
        else address_form(first_address(within_brackets(visible(translate(x, '{WIDE}', '{NARROW}')))))
    end;
-- Google's mailboxes know no points and nothing behind a +
create or replace macro google_name(x) as replace(split_part(split_part(x, '@', 1), '+', 1), '.', '');
create or replace macro mailbox(x) as
    case
        when regexp_full_match(x, {literal(words.of_emails)}) then null
        when ends_with(x, '@{GOOGLE[0]}') or ends_with(x, '@{GOOGLE[1]}') then google_name(x) || '@{GOOGLE[0]}'
        else x
    end;

-- the digits, where there is nothing beside them that only the library reads
create or replace macro phone_digits(x) as
    case
        when ends_with(x, '.0')
            then nullif(regexp_extract(x, '^\+?([0-9]+)\.0$', 1), '')
        when regexp_full_match(x, '\+?[0-9 ()./-]+') then regexp_replace(x, '[^0-9]', '', 'g')
    end;
create or replace macro is_whole_number(x) as regexp_full_match(x, {whole});
create or replace macro has_trunk_prefix(x) as
    substr(x, 3, 1) = '0' and list_contains({trunks}, left(x, 2)) and is_whole_number(left(x, 2) || substr(x, 4));
create or replace macro is_kept_number(x) as regexp_full_match(x, {literal(phones.kept_numbers(codes))});
create or replace macro dialled_abroad(x, digits) as
    case when starts_with(x, '+') then digits when starts_with(digits, '00') then substr(digits, 3) end;
create or replace macro spelled_phone(x, digits, abroad, code) as
    case
        when digits is null then phone_by_library(x, coalesce(code, ''))
        when length(digits) < {phones.MIN_DIGITS} or filled(digits) then null
        when length(digits) > {phones.MAX_DIGITS} then phone_by_library(x, coalesce(code, ''))
        when is_kept_number(abroad) then '+' || abroad
        when has_trunk_prefix(abroad) then '+' || left(abroad, 2) || substr(abroad, 4)
        when abroad is not null then phone_by_library(x, coalesce(code, ''))
        when code is null then null
        when starts_with(digits, '0') and list_contains({trunks}, code) and is_whole_number(code || substr(digits, 2))
            then '+' || code || substr(digits, 2)
        when not starts_with(digits, code) and is_whole_number(code || digits) then '+' || code || digits
        -- a national number that happens to begin like its country's code is whole behind that code
        when starts_with(digits, code) and is_whole_number(digits) and not is_whole_number(code || digits)
            then '+' || digits
        else phone_by_library(x, code)
    end;
create or replace macro dialled(x) as
    case
        when replace(right(x, {phones.EQUAL_DIGITS}), right(x, 1), '') = '' then null
        when regexp_full_match(x, '\+[0-9]{{1,2}}({"|".join(words.numbers)})') then null
        else x
    end;
"""


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(map(literal, values)) + "]"
