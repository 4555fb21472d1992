"""Contact sheets: rows of small pictures, framed and captioned."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from orderless.files.images import read_image

Cell = tuple[Image.Image, str, str | None]  # picture, caption, colour of its frame or None
GREEN, RED = "#009e73", "#d55e00"  # told apart by the colour-blind
SIDE, THUMBNAIL, MARGIN, LINE = 132, 256, 8, 18  # pixels


def shortened(text: str, font, width: int) -> str:
    """The text, its beginning cut where it is too wide."""
    while text and font.getlength(text) > width:
        text = "…" + text[2:] if text.startswith("…") else "…" + text[1:]
    return text


def thumbnail(path: str | Path) -> Image.Image:
    """The image of a file, at least as large as a THUMBNAIL; a photograph is not decoded at its full size."""
    return read_image(path, draft=THUMBNAIL)


def contact_sheet(rows: list[list[Cell]], title: str, side: int = SIDE) -> Image.Image:
    """The rows one below another; the first cell of a row stands apart from the rest. side: of a picture, in pixels.

    A caption may have several lines; one that is too wide loses its beginning.
    """
    font, bold = ImageFont.load_default(12), ImageFont.load_default(16)
    captions = LINE * max(caption.count("\n") + 1 for row in rows for _, caption, _ in row)
    width = 2 * MARGIN + max(map(len, rows)) * (side + MARGIN) + MARGIN
    height = MARGIN + 2 * LINE + len(rows) * (side + captions + MARGIN)
    sheet = Image.new("RGB", (max(width, round(bold.getlength(title)) + 2 * MARGIN), height), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN), title, "black", bold)
    for row, cells in enumerate(rows):
        y = MARGIN + 2 * LINE + row * (side + captions + MARGIN)
        for column, (picture, caption, frame) in enumerate(cells):
            x = MARGIN + column * (side + MARGIN) + (MARGIN if column else 0)
            small = ImageOps.contain(picture, (side - 8, side - 8))
            sheet.paste(small, (x + (side - small.width) // 2, y + (side - small.height) // 2))
            if frame:
                draw.rectangle((x, y, x + side - 1, y + side - 1), outline=frame, width=4)
            for line, text in enumerate(caption.split("\n")):
                draw.text((x, y + side + 2 + line * LINE), shortened(text, font, side), "black", font)
    return sheet
