"""What each error and warning says, in English, with named placeholders: ready for gettext.

This package imports no web framework, so :func:`gettext_noop` only marks the strings for extraction; whoever shows
them translates ``MESSAGES[code]`` and fills it with the same ``params``.
"""

from __future__ import annotations

from collections.abc import Mapping


def gettext_noop(text: str) -> str:
    """Mark ``text`` for the message catalogue and return it unchanged."""
    return text


# Parameters whose values are English words, which have to be translated before they stand in a sentence.
WORD_PARAMS = ("kind", "delimiter", "target", "reason")

TARGET_NAMES = {
    "sku": gettext_noop("SKU"),
    "title": gettext_noop("Title"),
    "description": gettext_noop("Description"),
    "category": gettext_noop("Category"),
    "vendor": gettext_noop("Vendor"),
    "language": gettext_noop("Language"),
    "url": gettext_noop("Product page"),
    "image_url": gettext_noop("Image"),
    "price": gettext_noop("Price"),
    "was_price": gettext_noop("Was price"),
    "currency": gettext_noop("Currency"),
    "tags": gettext_noop("Tags"),
    "status": gettext_noop("Status"),
    "specifications": gettext_noop("List of specifications"),
}

FILE_MESSAGES = {
    "file_empty": gettext_noop("The file is empty."),
    "file_too_large": gettext_noop("The file is larger than %(limit_mb)s MB."),
    "file_binary": gettext_noop(
        "This is %(kind)s, not a product file. Upload CSV, XLSX, JSON lines or Google Merchant XML."
    ),
    "file_html": gettext_noop(
        "This is a web page (HTML), even if its name ends in .xls or .csv. Open it in a spreadsheet and save it as XLSX or CSV."
    ),
    "file_cut_off": gettext_noop("Line %(line)s: the file ends in the middle of a character, so it was cut off."),
    "excel_old": gettext_noop(
        "This is an old Excel file (.xls) or one with a password. Save it as XLSX without a password."
    ),
    "encoding_unsupported": gettext_noop(
        "The file says that its encoding is “%(encoding)s”, which is not supported. Save it as UTF-8."
    ),
    "undecodable": gettext_noop(
        "Line %(line)s: byte %(byte)s does not belong in %(encoding)s text. Save the file as UTF-8 and upload it again."
    ),
    "nul_character": gettext_noop("Line %(line)s contains a NUL character. The file is damaged or not a text file."),
    "line_too_long": gettext_noop("Line %(line)s is longer than %(limit)s characters."),
    "no_rows": gettext_noop("The file has no products."),
    "too_many_rows": gettext_noop("The file has more than %(limit)s rows. Split it and import the parts."),
    "too_many_columns": gettext_noop("Line %(line)s has more than %(limit)s columns."),
    "delimiter_unknown": gettext_noop(
        "No columns were found in line %(line)s. Separate them with commas, semicolons, tabs or vertical bars."
    ),
    "delimiter_inconsistent": gettext_noop(
        "The header in line %(header_line)s has %(expected)s columns separated by %(delimiter)s, but line %(line)s has"
        " %(found)s. Use the same separator in every line."
    ),
    "quote_not_closed": gettext_noop(
        "Line %(line)s: a quotation mark opens a cell and is not closed within %(limit)s characters."
    ),
    "json_array_too_large": gettext_noop(
        "A JSON file that is one list may have at most %(limit_mb)s MB. Write one object per line (JSON lines) instead."
    ),
    "json_malformed": gettext_noop("Line %(line)s, column %(position)s: not valid JSON (%(reason)s)."),
    "json_not_lines": gettext_noop(
        "This is JSON, but neither a list of products nor JSON lines. Write one product per line, each a JSON object."
    ),
    "xml_malformed": gettext_noop("Line %(line)s, column %(position)s: not well-formed XML (%(reason)s)."),
    "xml_dtd": gettext_noop(
        "Line %(line)s: the file declares a document type or entities, which is not accepted. Remove the DOCTYPE."
    ),
    "xml_markup_too_long": gettext_noop("Line %(line)s: a piece of XML markup is longer than %(limit)s characters."),
    "xml_too_deep": gettext_noop("Line %(line)s: XML elements are nested deeper than %(limit)s."),
    "xml_not_merchant": gettext_noop(
        "This XML has the root element “%(root)s”. A Google Merchant feed is RSS or Atom."
    ),
    "xlsx_damaged": gettext_noop("The XLSX file is damaged and cannot be read (%(reason)s)."),
    "xlsx_damaged_row": gettext_noop("The XLSX file is damaged after row %(row)s (%(reason)s)."),
    "xlsx_not": gettext_noop("This is a ZIP archive, but not an XLSX workbook. Unpack it and upload the product file."),
    "xlsx_encrypted": gettext_noop("The workbook has a password. Save it without one."),
    "xlsx_too_many_entries": gettext_noop("The workbook has more than %(limit)s parts."),
    "xlsx_unpacks_too_large": gettext_noop("The workbook unpacks to more than %(limit_mb)s MB (“%(part)s”)."),
    "xlsx_ratio": gettext_noop("“%(part)s” in the workbook unpacks to more than %(limit)s times its size."),
    "xlsx_no_sheet": gettext_noop("The workbook has no visible sheet."),
    "xlsx_row_too_large": gettext_noop("The row after row %(row)s of the sheet is larger than %(limit_mb)s MB."),
}

MAPPING_MESSAGES = {
    "mapping_title_missing": gettext_noop("Choose the column that holds the product title."),
    "mapping_key_missing": gettext_noop(
        "Choose the column that identifies a product: a SKU, or let it follow from the URL or the title."
    ),
    "mapping_target_twice": gettext_noop("“%(first)s” and “%(second)s” are both chosen as “%(target)s”. Choose one."),
    "mapping_target_unknown": gettext_noop("“%(target)s” is not a field that a column can be read into."),
    "mapping_fact_name": gettext_noop("The fact read from “%(column)s” needs a name of 1 to %(limit)s characters."),
    "mapping_column_unknown": gettext_noop("The file has no column “%(column)s”."),
    "mapping_currency": gettext_noop("“%(value)s” is not a currency code such as CNY, USD or EUR."),
}

ROW_MESSAGES = {
    "title_missing": gettext_noop("The title is empty."),
    "key_missing": gettext_noop("The cell that identifies the product is empty."),
    "duplicate_key": gettext_noop("“%(key)s” already stands in line %(first_line)s. Each product may appear once."),
    "too_long": gettext_noop("%(length)s characters; at most %(limit)s fit."),
    "cell_too_long": gettext_noop("The cell has more than %(limit)s characters."),
    "too_few_cells": gettext_noop("The line has %(found)s cells, the header %(expected)s. It may be cut off."),
    "too_many_cells": gettext_noop(
        "The line has %(found)s cells, the header %(expected)s. Put quotation marks around text that contains the separator."
    ),
    "last_line_cut_off": gettext_noop("The last line has only %(found)s of %(expected)s cells: the file was cut off."),
    "ends_in_quotes": gettext_noop(
        "The file ends inside a quoted cell: it was cut off, or a quotation mark is missing."
    ),
    "stray_quote": gettext_noop('A quotation mark stands inside a quoted cell. Double it: "".'),
    "formula": gettext_noop("Cell %(cell)s holds a formula. Copy the column and paste it as values."),
    "cell_error": gettext_noop("Cell %(cell)s holds the error %(value)s."),
    "number_inexact": gettext_noop(
        "Cell %(cell)s holds a number of more than 15 digits, whose last digits Excel has lost. Format the column as text."
    ),
    "surrogate": gettext_noop("The text contains half of a character (a lone surrogate)."),
    "nul": gettext_noop("The text contains a NUL character."),
    "price_unreadable": gettext_noop("“%(value)s” is not a price."),
    "price_negative": gettext_noop("“%(value)s” is negative."),
    "price_too_large": gettext_noop("“%(value)s” is more than %(limit)s."),
    "price_ambiguous": gettext_noop("“%(value)s” could be %(small)s or %(large)s. Write it with two decimals."),
    "price_precision": gettext_noop("“%(value)s” has more than two decimals."),
    "currency_unknown": gettext_noop("“%(value)s” is not a currency code such as CNY, USD or EUR."),
    "currency_conflict": gettext_noop("The price is in %(first)s, but the line also says %(second)s."),
    "currency_missing": gettext_noop("The price has no currency. Choose a currency for the file or add a column."),
    "language_unknown": gettext_noop("“%(value)s” is not a language code such as en or zh-hans."),
    "status_unknown": gettext_noop("“%(value)s” is not a status. Use active or archived."),
    "url_invalid": gettext_noop("“%(value)s” is not a web address (http or https)."),
    "too_many_tags": gettext_noop("%(found)s tags; at most %(limit)s are kept for a product."),
    "too_many_facts": gettext_noop("%(found)s facts; at most %(limit)s are kept for a product."),
    "specifications_unreadable": gettext_noop("The list of specifications could not be read."),
    "json_row_malformed": gettext_noop("Not valid JSON at column %(position)s (%(reason)s)."),
    "json_row_not_object": gettext_noop('The line is not a JSON object, such as {"sku": …}.'),
    "json_row_too_deep": gettext_noop("The JSON is nested too deeply."),
    "xml_item_too_large": gettext_noop("The item has more than %(limit)s elements."),
    "handle_scattered": gettext_noop(
        "The lines of “%(key)s” do not stand together: it also appears in line %(first_line)s. Sort the file by handle."
    ),
}

WARNING_MESSAGES = {
    "fact_skipped": gettext_noop(
        "The specification “%(attribute)s” has %(length)s characters, more than %(limit)s, and was left out."
    ),
    "was_price_dropped": gettext_noop("The former price %(was)s is not above the price %(price)s and was left out."),
    "sale_price_not_valid_now": gettext_noop("The sale price applies %(dates)s, not now; the regular price was taken."),
}

MESSAGES: dict[str, str] = {**FILE_MESSAGES, **MAPPING_MESSAGES, **ROW_MESSAGES, **WARNING_MESSAGES}


def message(code: str, params: Mapping[str, object] | None = None) -> str:
    """Return the English sentence for ``code`` filled with ``params``. Raises ``KeyError`` for an unknown code."""
    return MESSAGES[code] % dict(params or {})
