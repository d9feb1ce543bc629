"""The report as a Word document: real headings, tables and pictures that a screen reader can use, and no traces.

The same report gives the same bytes: what Word stamps with the clock is stamped with the report's own day.
"""

from __future__ import annotations

import io
import zipfile
from copy import deepcopy
from datetime import UTC, date, datetime, time

from docx import Document
from docx.document import Document as Made
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Length, Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run
from PIL import Image

from bot.report import sparks
from bot.report.parts import ILLUSTRATIVE, Block, Bullets, Cell, Figure, Grid, Heading, Lines, Paper, Spark, Words

FONT, POINTS = "Arial", 11
LANGUAGE = "en-GB"

_WIDE, _TALL, _CHART, _SMALL, _SPARK = Mm(174), Mm(215), Mm(150), Mm(112), Mm(21)
"""Across and down between the margins of an A4 page; the widths of a chart, a small one, a line beside a theme."""

_SHADE, _LINE = "E6ECF2", "8C959F"
_INK, _SOFT = RGBColor(0x1B, 0x1F, 0x24), RGBColor(0x45, 0x4C, 0x54)
_SIZES = {"Title": 20, "Heading 1": 16, "Heading 2": 13, "Caption": POINTS}
_CELL, _CELL_BULLET = "Table text", "Table bullet"
_KEPT = frozenset({
    "Normal", "Title", "Heading 1", "Heading 2", "Caption", "List Bullet", "Footer", "Table Grid",
    "Default Paragraph Font", "Normal Table", "No List",
})  # fmt: skip
_FIRST_YEAR = 1980
"""The first that a part of such a file can be dated with."""
_NEEDLESS = (
    RELATIONSHIP_TYPE.THUMBNAIL,
    RELATIONSHIP_TYPE.EXTENDED_PROPERTIES,
    RELATIONSHIP_TYPE.CUSTOM_XML,
    "http://schemas.microsoft.com/office/2007/relationships/stylesWithEffects",
)
"""Parts of the template that say what made it, or that nothing needs."""


def document(paper: Paper) -> bytes:
    """The document as it is saved, the same bytes for the same report."""
    made = Document()
    _style(made)
    _properties(made, paper)
    _page(made, paper)
    made.add_paragraph(paper.title, style="Title")
    for line in paper.stands:
        made.add_paragraph(line).paragraph_format.space_after = Pt(0)
    if paper.warning:
        made.add_paragraph().add_run(paper.warning).bold = True
    for at, section in enumerate(paper.sections):
        heading = made.add_heading(section.heading, 1)
        heading.paragraph_format.page_break_before = section.fresh and at > 0
        blocks = (None, *section.blocks, None)
        for before, block, after in zip(blocks, section.blocks, blocks[2:], strict=False):
            _add(made, block, Pt(8) if isinstance(before, Grid) else None)
            if isinstance(block, Words) and isinstance(after, Grid):  # what introduces a table stands on its page
                made.paragraphs[-1].paragraph_format.keep_with_next = True
    return _packed(made, paper)


def _add(made: Made, block: Block, above: Length | None) -> None:
    """A block; ``above`` is the room that text and pictures leave to what stands there."""
    match block:
        case Words(text):
            made.add_paragraph(text).paragraph_format.space_before = above
        case Heading(text):
            made.add_heading(text, 2)
        case Bullets(items):
            for item in items:
                made.add_paragraph(item, style="List Bullet")
        case Grid():
            _add_grid(made, block)
        case Figure(picture, small):
            width, height = Image.open(io.BytesIO(picture.png)).size
            wide = min(_SMALL if small else _CHART, Length(_TALL * width // height))
            paragraph = made.add_paragraph()
            paragraph.paragraph_format.space_before = above
            _picture(paragraph.add_run(), picture.png, picture.alt, wide)


# --- tables ----------------------------------------------------------------------------------------


def _add_grid(made: Made, grid: Grid) -> None:
    """A table under its caption: the first row is repeated on each page, and no row is split or cell merged."""
    made.add_paragraph(grid.caption, style="Caption")
    table = made.add_table(len(grid.rows) + 1, len(grid.columns), style="Table Grid")
    _describe(table, grid)
    for at, row in enumerate(table.rows):
        properties = row._tr.get_or_add_trPr()  # noqa: SLF001  # python-docx has no way of its own
        properties.append(OxmlElement("w:cantSplit"))
        if at == 0:
            properties.append(OxmlElement("w:tblHeader"))
        total = grid.total and at == len(grid.rows)
        cells = [column.title for column in grid.columns] if at == 0 else grid.rows[at - 1]
        for place, (cell, column, content) in enumerate(zip(row.cells, grid.columns, cells, strict=True)):
            cell.width = _share(column.share)
            bold = at == 0 or place == 0 or total
            _fill(cell, content, bold=bold, right=column.number, heading=at == 0)
            if at == 0 or (grid.total and at == len(grid.rows) - 1):  # neither the heads nor a sum stand alone
                cell.paragraphs[0].paragraph_format.keep_with_next = True


def _share(share: int) -> Length:
    return Length(_WIDE * share // 100)


def _describe(table: Table, grid: Grid) -> None:
    """Widths, borders, margins, and what a screen reader says of the table."""
    table.autofit = False
    for column, wanted in zip(table.columns, grid.columns, strict=True):
        column.width = _share(wanted.share)
    properties = table._tbl.tblPr  # noqa: SLF001
    look = properties.find(qn("w:tblLook"))
    layout = properties.find(qn("w:tblLayout"))
    borders = _element("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        borders.append(_element(f"w:{side}", val="single", sz="4", space="0", color=_LINE))
    margins = _element("w:tblCellMar")
    for side, twips in (("top", 40), ("left", 80), ("bottom", 40), ("right", 80)):
        margins.append(_element(f"w:{side}", w=str(twips), type="dxa"))
    layout.addprevious(borders)
    layout.addnext(margins)
    for name in list(look.attrib):
        del look.attrib[name]
    for name, value in (
        ("val", "00A0"),
        ("firstRow", "1"),
        ("lastRow", "0"),
        ("firstColumn", "1"),
        ("lastColumn", "0"),
    ):
        look.set(qn(f"w:{name}"), value)
    look.addnext(_element("w:tblDescription", val=f"{len(grid.rows)} rows; the first row and column are headings"))
    look.addnext(_element("w:tblCaption", val=grid.caption))


def _fill(cell: _Cell, content: Cell, *, bold: bool, right: bool, heading: bool) -> None:
    first = cell.paragraphs[0]
    first.style = _CELL
    if right:
        first.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    if heading:
        cell._tc.get_or_add_tcPr().append(_element("w:shd", val="clear", color="auto", fill=_SHADE))  # noqa: SLF001
    match content:
        case str():
            first.add_run(content).bold = bold
        case Lines(fact, rest):
            first.add_run(fact).bold = True
            for line in rest:
                run = cell.add_paragraph(style=_CELL).add_run(line)
                run.font.color.rgb = _SOFT
        case Bullets(items):
            for at, item in enumerate(items):
                paragraph = first if at == 0 else cell.add_paragraph()
                paragraph.style = _CELL_BULLET
                paragraph.add_run(item)
        case Spark():
            _picture(first.add_run(), sparks.png(content), content.alt, _SPARK)


def _picture(run: Run, png: bytes, alt: str, width: Length) -> None:
    """A picture with the words that stand for it."""
    shape = run.add_picture(io.BytesIO(png), width=width)
    inline = shape._inline  # noqa: SLF001
    for side in ("distT", "distB", "distL", "distR"):  # some readers leave room where nothing is said of it
        inline.set(side, "0")
    for properties in inline.iter(qn("wp:docPr"), qn("pic:cNvPr")):
        properties.set("descr", alt)


def _element(tag: str, **attributes: str) -> BaseOxmlElement:
    made: BaseOxmlElement = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    return made


# --- styles, page and properties -------------------------------------------------------------------


def _style(made: Made) -> None:
    """One font, dark on white, British English; of the template's styles only those that are used."""
    styles = made.styles
    for style in list(styles):
        if style.name not in _KEPT:
            style.delete()
    for name in ("Normal", *_SIZES, "List Bullet", "Footer"):
        _plain(styles[name], _SIZES.get(name, POINTS))
    defaults = styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    for child in list(defaults):
        defaults.remove(child)
    defaults.append(_element("w:rFonts", ascii=FONT, hAnsi=FONT, eastAsia=FONT, cs=FONT))
    defaults.append(_element("w:sz", val=str(2 * POINTS)))
    defaults.append(_element("w:szCs", val=str(2 * POINTS)))
    defaults.append(_element("w:lang", val=LANGUAGE, eastAsia=LANGUAGE, bidi="ar-SA"))
    normal = styles["Normal"].paragraph_format
    normal.space_after, normal.line_spacing = Pt(6), 1.1
    for name, before, after in (("Title", 0, 8), ("Heading 1", 18, 8), ("Heading 2", 14, 4), ("Caption", 8, 4)):
        shape = styles[name].paragraph_format
        shape.space_before, shape.space_after, shape.keep_with_next = Pt(before), Pt(after), True
    cell = styles.add_style(_CELL, WD_STYLE_TYPE.PARAGRAPH)
    bullet = styles.add_style(_CELL_BULLET, WD_STYLE_TYPE.PARAGRAPH)
    for style in (cell, bullet):
        style.base_style = styles["Normal"]
        style.paragraph_format.space_after, style.paragraph_format.line_spacing = Pt(0), 1.0
    numbered = styles["List Bullet"].element.pPr.find(qn("w:numPr"))
    _keep_list(made, numbered)
    bullet.element.get_or_add_pPr().insert(0, deepcopy(numbered))
    bullet.paragraph_format.left_indent, bullet.paragraph_format.first_line_indent = Mm(3.5), Mm(-3.5)


def _keep_list(made: Made, numbered: BaseOxmlElement) -> None:
    """The bullets that are used; the template's other lists belong to styles that are gone."""
    lists = made.part.numbering_part.element
    used = numbered.find(qn("w:numId")).get(qn("w:val"))
    numbers = {one.get(qn("w:numId")): one for one in lists.findall(qn("w:num"))}
    drawn = numbers[used].find(qn("w:abstractNumId")).get(qn("w:val"))
    for key, number in numbers.items():
        if key != used:
            lists.remove(number)
    for shape in lists.findall(qn("w:abstractNum")):
        if shape.get(qn("w:abstractNumId")) != drawn:
            lists.remove(shape)


def _plain(style: ParagraphStyle, points: int) -> None:
    """Our font and ink in place of the template's theme."""
    for linked in style.element.findall(qn("w:link")):
        style.element.remove(linked)
    for border in style.element.iter(qn("w:pBdr")):
        border.getparent().remove(border)
    properties = style.element.get_or_add_rPr()
    for child in list(properties):
        properties.remove(child)
    font = style.font
    font.name, font.size, font.color.rgb = FONT, Pt(points), _INK
    font.bold = style.name in _SIZES
    properties.rFonts.set(qn("w:cs"), FONT)
    properties.rFonts.set(qn("w:eastAsia"), FONT)


def _page(made: Made, paper: Paper) -> None:
    """A4 upright, with the page's number in the footer, and there too what is made up."""
    section = made.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(18)
    section.top_margin, section.bottom_margin = Mm(20), Mm(20)
    section.header_distance = section.footer_distance = Mm(10)
    footer = section.footer.paragraphs[0]
    footer.style = "Footer"
    footer.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    footer.add_run(f"{ILLUSTRATIVE} · Page " if paper.warning else "Page ")
    _field(footer, "PAGE")
    footer.add_run(" of ")
    _field(footer, "NUMPAGES")


def _field(paragraph: Paragraph, instruction: str) -> None:
    """A number that Word works out; 1 stands there until it has."""
    field = _element("w:fldSimple", instr=instruction)
    run, text = OxmlElement("w:r"), OxmlElement("w:t")
    text.text = "1"
    run.append(text)
    field.append(run)
    paragraph._p.append(field)  # noqa: SLF001


def _properties(made: Made, paper: Paper) -> None:
    """What the file says of itself: the council, the title, the report's day; nothing of who or what made it."""
    core, day = made.core_properties, datetime.combine(date.fromisoformat(paper.day), time(), UTC)
    core.title, core.author, core.last_modified_by = paper.title, paper.council, paper.council
    core.created = core.modified = day
    core.language, core.comments, core.revision = LANGUAGE, "", 1
    settings = made.settings.element
    for name in ("w:rsids", "w:savePreviewPicture", "w:proofState"):
        for found in settings.findall(qn(name)):
            settings.remove(found)
    settings.find(qn("w:themeFontLang")).set(qn("w:val"), LANGUAGE)
    for rels in (made.part.package.rels, made.part.rels):
        for key in [key for key, rel in rels.items() if rel.reltype in _NEEDLESS]:
            del rels[key]


def _packed(made: Made, paper: Paper) -> bytes:
    """The file with the report's day on each of its parts in place of the moment."""
    saved, packed = io.BytesIO(), io.BytesIO()
    made.save(saved)
    day = date.fromisoformat(paper.day)
    with zipfile.ZipFile(saved) as parts, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in parts.namelist():
            entry = zipfile.ZipInfo(name, (max(day.year, _FIRST_YEAR), day.month, day.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, parts.read(name))
    return packed.getvalue()
