"""What is drawn where, from the coordinates of a picture: rectangles, and edges as short straight
pieces."""

from bisect import bisect_left, bisect_right
from itertools import pairwise


def flat(points, pieces=12):
    """An edge as points: its straight lines, and its curves cut into pieces."""
    found = [points[0]]
    for k, ((x0, y0), (x1, y1)) in enumerate(pairwise(points)):
        if k % 2 == 0:
            found.append((x1, y1))
            continue
        for n in range(1, pieces + 1):
            t = n / pieces
            s = 1 - t
            x = x0 * (s**3 + 3 * s * s * t) + x1 * (t**3 + 3 * s * t * t)
            middle = (y0 + y1) / 2
            y = y0 * s**3 + 3 * middle * (s * s * t + s * t * t) + y1 * t**3
            found.append((x, y))
    return found


def rectangle(box, shrink=0.5):
    (x, y), (w, h) = box.middle, box.size
    return x - w / 2 + shrink, y - h / 2 + shrink, x + w / 2 - shrink, y + h / 2 - shrink


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def side(p, q, r):
    return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])


def cross(p, q, r, s):
    """Whether two straight pieces cross inside."""
    return side(p, q, r) * side(p, q, s) < 0 and side(r, s, p) * side(r, s, q) < 0


def enters(piece, box):
    """Whether a straight piece goes through a rectangle."""
    (x0, y0), (x1, y1) = piece
    near, far = 0.0, 1.0
    for start, move, low, high in (
        (x0, x1 - x0, box[0], box[2]),
        (y0, y1 - y0, box[1], box[3]),
    ):
        if move == 0:
            if not low < start < high:
                return False
            continue
        a, b = sorted(((low - start) / move, (high - start) / move))
        near, far = max(near, a), min(far, b)
    return near < far


def way_of(points):
    """The pieces of an edge, which lead down."""
    return list(pairwise(flat(points if points[0][1] <= points[-1][1] else points[::-1])))


def through(way, box):
    """Whether a way goes through a rectangle; only the pieces at its height are looked at."""
    first = bisect_left(way, box[1], key=lambda piece: piece[1][1])
    last = bisect_right(way, box[3], key=lambda piece: piece[0][1])
    return any(enters(piece, box) for piece in way[first:last])


def faults(drawn):
    """What a picture has that it must not have, in words."""
    found = []
    nodes = [(node.id, rectangle(box)) for node, box in drawn.nodes]
    labels = [(k, rectangle(box)) for k, (_, _, box) in enumerate(drawn.edges) if box]
    ways = [way_of(points) for _, points, _ in drawn.edges]
    for i, (name, box) in enumerate(nodes):
        found += [f"{name} on {other}" for other, b in nodes[:i] if overlap(box, b)]
        found += [f"the label of edge {k} on {name}" for k, b in labels if overlap(box, b)]
        for k, way in enumerate(ways):
            if through(way, box):
                found.append(f"edge {k} through {name}")
    for i, (k, box) in enumerate(labels):
        found += [f"labels {k}, {m} overlap" for m, b in labels[:i] if overlap(box, b)]
        for m, way in enumerate(ways):
            if through(way, box):
                found.append(f"edge {m} through the label of {k}")
    for box in (b for _, b in nodes + labels):
        if box[0] < 0 or box[1] < 0 or box[2] > drawn.width or box[3] > drawn.height:
            found.append("out of the picture")
    return found


def crossings(drawn):
    """How many pairs of edges without a common end cross."""
    edges = [({e.source, e.target}, way_of(points)) for e, points, _ in drawn.edges]
    return sum(
        meet(one, other)
        for i, (ends, one) in enumerate(edges)
        for others, other in edges[:i]
        if not ends & others
    )


def meet(one, other):
    """Whether two ways, both of which lead down, cross: only pieces at the same height can."""
    i = j = 0
    while i < len(one) and j < len(other):
        if cross(*one[i], *other[j]):
            return True
        if one[i][1][1] < other[j][1][1]:
            i += 1
        else:
            j += 1
    return False
