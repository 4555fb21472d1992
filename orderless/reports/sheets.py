"""Contact sheets: rows of small pictures, framed and captioned."""

from PIL import Image, ImageDraw, ImageFont, ImageOps

Cell = tuple[Image.Image, str, str | None]  # picture, caption, colour of its frame or None
GREEN, RED = "#009e73", "#d55e00"  # told apart by the colour-blind
SIDE, MARGIN, LINE = 132, 8, 18  # pixels


def shortened(text: str, font, width: int) -> str:
    """The text, its beginning cut where it is too wide."""
    while text and font.getlength(text) > width:
        text = "…" + text[2:] if text.startswith("…") else "…" + text[1:]
    return text


def contact_sheet(rows: list[list[Cell]], title: str) -> Image.Image:
    """The rows one below another; the first cell of a row stands apart from the rest."""
    font, bold = ImageFont.load_default(12), ImageFont.load_default(16)
    width = 2 * MARGIN + max(map(len, rows)) * (SIDE + MARGIN) + MARGIN
    height = MARGIN + 2 * LINE + len(rows) * (SIDE + LINE + MARGIN)
    sheet = Image.new("RGB", (max(width, round(bold.getlength(title)) + 2 * MARGIN), height), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN), title, "black", bold)
    for row, cells in enumerate(rows):
        y = MARGIN + 2 * LINE + row * (SIDE + LINE + MARGIN)
        for column, (picture, caption, frame) in enumerate(cells):
            x = MARGIN + column * (SIDE + MARGIN) + (MARGIN if column else 0)
            small = ImageOps.contain(picture, (SIDE - 8, SIDE - 8))
            sheet.paste(small, (x + (SIDE - small.width) // 2, y + (SIDE - small.height) // 2))
            if frame:
                draw.rectangle((x, y, x + SIDE - 1, y + SIDE - 1), outline=frame, width=4)
            draw.text((x, y + SIDE + 2), shortened(caption, font, SIDE), "black", font)
    return sheet
