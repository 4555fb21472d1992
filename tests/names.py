"""Names that other people's folders, files and titles may have, and harmless ones to hold them against."""

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</title></style></script><script>alert(1)</script>",
    "--><svg onload=alert(1)>",
    '"double" and \'single\' onclick="alert(1)"',
    "two\nlines",
    "שלום עולם 12",
    "\u202egnp.txt",
    "{{ 7 * 7 }}{% endblock %}",
    "&lt;b&gt; &amp; & \\u003cb\\u003e",
    "$x^$ and $\\frac$",
]
HARMLESS = [f"Name {number}" + "\nmore" * name.count("\n") for number, name in enumerate(HOSTILE)]
