"""The colours of graphs, the same in all formats that have colours."""

COLOURS = {
    "name": "#1b1b1b",
    "shape": "#5c5c5c",
    "value": "#0b57a4",
    "partial": "#3f6b1f",
    "adjoint": "#b3261e",
}
"""Of lines by their role; on white and on the fills below each has a contrast of at least 4.5."""

FILLS = {
    "input": ("#eaf2fb", "#5b84b1"),
    "constant": ("#f4f4f4", "#a3a3a3"),
    "operation": ("#ffffff", "#6b6b6b"),
    "variable": ("#ffffff", "#6b6b6b"),
    "output": ("#fdf3df", "#b9852a"),
    "gradient": ("#fdeeec", "#c0625b"),
    "group": ("#ececec", "#6b6b6b"),
    "step": ("#ececec", "#6b6b6b"),
}
"""The fill and the frame of nodes by what they are drawn as."""

CORNERS = {"input": 14.0, "step": 14.0, "constant": 3.0}
CORNER = 6.0
"""How round the corners of nodes are, by the same, and of all others."""

LINE = "#7a7a7a"
"""Of edges."""

LIT = "#c2410c"
"""Of the edges, and of the frames, of what stands out."""

WORDS = {"value": "value", "partial": "partial derivative", "adjoint": "adjoint"}
"""What the colours mean."""
