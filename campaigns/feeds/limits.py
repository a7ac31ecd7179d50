"""How large a product file, and each thing in it, may be. Beyond them the answer is an error that names the limit."""

from __future__ import annotations

from decimal import Decimal

# the file
MAX_FILE_BYTES = 200 * 1024 * 1024
MAX_ROWS = 500_000
MAX_COLUMNS = 500
MAX_CELL_CHARS = 100_000
MAX_LINE_CHARS = 2_000_000  # one physical line of text: a JSON object, a CSV row without line breaks in its cells
MAX_JSON_ARRAY_BYTES = 10 * 1024 * 1024  # an array must be held in memory, JSON lines need not

# XML: unfinished markup and nesting are what a hostile file grows
MAX_XML_DEPTH = 40
MAX_XML_MARKUP_CHARS = 1_000_000
MAX_XML_FIELDS = 2_000  # elements inside one item

# XLSX: it is a ZIP archive, so its size on disk says little
MAX_XLSX_ENTRIES = 2_000
MAX_XLSX_BYTES = 500 * 1024 * 1024  # unpacked, all parts together
MAX_XLSX_STRINGS_BYTES = 80 * 1024 * 1024  # the table of strings, which must be held in memory
MAX_XLSX_PART_BYTES = 16 * 1024 * 1024  # styles, themes and other parts that are read as a whole
MAX_XLSX_ROW_BYTES = 4 * 1024 * 1024  # unpacked XML of one row
MAX_XLSX_RATIO = 250  # unpacked to packed, of a part larger than a megabyte
MAX_XLSX_GRID_ROWS = 1_048_576  # what a worksheet can have

# one product; the database has the same lengths
MAX_SKU_CHARS = 120
MAX_TITLE_CHARS = 500
MAX_DESCRIPTION_CHARS = 20_000
MAX_CATEGORY_CHARS = 200
MAX_VENDOR_CHARS = 200
MAX_URL_CHARS = 1_000
MAX_TAG_CHARS = 60
MAX_TAGS = 100
MAX_FACT_ATTRIBUTE_CHARS = 120
MAX_FACT_VALUE_CHARS = 1_000
MAX_FACTS = 200
MAX_PRICE = Decimal("999999999.99")

# how much is read to guess and to show
SAMPLE_ROWS = 200
SAMPLE_CHARS = 256 * 1024
