"""An order for the nodes of a graph that depends on the graph alone.

Colour refinement with individualization (B. D. McKay, "Practical graph isomorphism", 1981;
the queue is J. Hopcroft's). The nodes are kept in an ordered list of cells. Nodes of one
cell look alike so far; a cell is split wherever its nodes differ in their edges into some
other cell, and the parts are put in the order of those edges. If chosen nodes still share
a cell in the end, each of them is tried as the last of it: those that lead to different
refinements are told apart by that. Of nodes that all lead to the same one is taken.

Rule: nothing that is not part of the graph (the numbers of nodes, the order of edges, the
places in a cell) decides anything, but for which of several nodes alike is taken. That is
no matter where they can be exchanged for one another without changing the graph. There
are graphs whose nodes look alike even so, and are not (strongly regular ones, and those
too large for TRIALS): for them the order is an arbitrary one.
"""

from _collections import deque

cdef enum:
    TRIALS = 1000000   # nodes of a cell times nodes of the graph: some seconds, for a ring of instances


cdef list ranks(list labels, list edges, set chosen):
    """A number for each node, equal for nodes that the graph cannot tell apart.

    ``labels`` holds what a node is by itself, as bytes; ``edges`` has triples (from, name,
    to), with names of bytes. Of the ``chosen`` nodes no two get the same number.
    """
    cdef Py_ssize_t n = len(labels), start, v
    cdef list near = [[] for _ in range(n)]
    cdef list rank = [0] * n
    cdef dict cells = {}   # first rank -> the nodes of the cell, as a dict's keys
    cdef dict by_label = {}
    # An edge's name as a number: even where it leaves, odd where it arrives.
    names = {name: 2 * i for i, name in enumerate(sorted({name for _, name, _ in edges}))}
    for source, name, target in edges:
        near[source].append((target, names[name]))
        near[target].append((source, names[name] + 1))
    for v in range(n):
        by_label.setdefault((labels[v], v in chosen), {})[v] = None
    start = 0
    for label in sorted(by_label):
        cells[start] = by_label[label]
        for node in by_label[label]:
            rank[node] = start
        start += len(by_label[label])
    refine(near, rank, cells, list(cells), None)
    start = 0
    while start < n:
        cell = <dict>cells[start]
        if len(cell) > 1 and next(iter(cell)) in chosen:  # a cell is chosen as a whole, or not at all
            if len(cell) * n <= TRIALS:
                while try_all(near, rank, cells, start):
                    pass
            while len(<dict>cells[start]) > 1:
                refine(near, rank, cells, [set_apart(rank, cells, start, (<dict>cells[start]).popitem()[0])], None)
        start += len(<dict>cells[start])
    return rank


cdef set_apart(list rank, dict cells, start, node):
    """Make a cell of a node that was just taken out of its own; it comes last."""
    end = start + len(<dict>cells[start])
    rank[node] = end
    cells[end] = {node: None}
    return end


cdef bint try_all(list near, list rank, dict cells, start) except -1:
    """Split a cell by what refinement makes of each of its nodes; whether it was split."""
    cdef dict cell = <dict>cells[start]
    cdef list trace
    from hashlib import blake2b  # rarely needed, and slow to import
    groups = {}
    for node in list(cell):
        cell = <dict>cells[start]
        del cell[node]
        end = set_apart(rank, cells, start, node)
        trace = []
        refine(near, rank, cells, [end], trace)
        groups.setdefault(blake2b(repr(trace).encode()).digest(), []).append(node)
        trace.insert(0, (start, None, [start, end]))
        for first, _, made in reversed(trace):  # undo it
            cell = <dict>cells[first]
            for part in <list>made:
                if part != first:
                    for other in <dict>cells.pop(part):
                        rank[other] = first
                        cell[other] = None
    if len(groups) == 1:
        return False
    refine(near, rank, cells, split(rank, cells, start, groups), None)
    return True


cdef int refine(list near, list rank, dict cells, list first, list trace) except -1:
    """Split cells until all nodes of one have the same edges into each other; ``trace`` notes how."""
    queue = deque(first)
    waiting = set(first)
    while queue:
        start = queue.popleft()
        waiting.discard(start)
        touched = {}
        for node in list(<dict>cells[start]):
            for other, name in <list>near[node]:
                touched.setdefault(other, []).append(name)
        groups = {}
        for node, met in touched.items():
            if len(<dict>cells[rank[node]]) > 1:
                (<list>met).sort()
                groups.setdefault(rank[node], {}).setdefault(tuple(met), []).append(node)
        for start in sorted(groups):
            made = split(rank, cells, start, groups[start])
            if trace is not None:
                trace.append((start, sorted(groups[start]), list(made)))
            if start not in waiting:
                # One part may be left out: what its nodes have in common with others follows
                # from the whole and the rest. The largest, as each node then waits rarely.
                made.remove(max(made, key=lambda part: len(<dict>cells[part])))
            for part in made:
                if part not in waiting:
                    queue.append(part)
                    waiting.add(part)
    return 0


cdef list split(list rank, dict cells, start, dict groups):
    """Put the nodes of each group in a cell of their own; where the cells then begin."""
    cdef dict cell = <dict>cells[start]
    cdef list made = []
    for nodes in groups.values():
        for node in nodes:
            del cell[node]
    place = start
    if cell:  # those without an edge come first, and stay where they are
        made.append(start)
        place += len(cell)
    for edges in sorted(groups):
        cells[place] = dict.fromkeys(groups[edges])
        for node in groups[edges]:
            rank[node] = place
        made.append(place)
        place += len(groups[edges])
    return made


def ranks_of(labels, edges, chosen):
    """``ranks``, for its tests."""
    return ranks(list(labels), list(edges), set(chosen))
