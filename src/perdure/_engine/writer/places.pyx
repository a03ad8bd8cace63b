"""Where in the object an error arose: read off the tasks that it left behind.

Nothing is recorded while nothing fails. ``perdure.pickle`` says the place as CPython 3.14
does, in the exception's notes, innermost first; ``perdure`` as a path from the root.
"""

from _pickle import PicklingError

from perdure._engine.writer.capi cimport *
from perdure._engine.writer.naming cimport type_name
from perdure._engine.writer.output cimport *

MOST_PARTS = 100   # of a path or of notes; the middle of a deeper one is left out


cdef int annotate(Output out, problem) except -1:
    """Say in ``problem`` where it arose. Never fails for the sake of the place."""
    try:
        if out.path_notes:
            place = path(out)
            if type(problem) is PicklingError and len(problem.args) == 1:
                problem.args = (f"{problem.args[0]} (at {place})",)
            else:
                problem.add_note(f"at {place}")
        else:
            for note in notes(out):
                problem.add_note(f"when serializing {note}")
    except Exception:  # a key's repr may raise
        pass
    return 0


cdef list notes(Output out):
    cdef Py_ssize_t i = out.depth
    cdef Task* t
    found = []
    if out.part_of is not None:
        name = type_name(out.part_of)
        found.append(f"{name} {'class' if out.part == PART_CLASS else 'reconstructor'}")
        found.append(f"{name} object")
    while i > 0:
        i -= 1
        if len(found) > MOST_PARTS and i > MOST_PARTS:
            i = MOST_PARTS
            found.append("...")
        t = &out.tasks[i]
        found.extend(notes_of(t))
    return found


cdef list notes_of(Task* t):
    name = type_name(type(<object>t.obj))
    if t.kind == LIST or t.kind == TUPLE:
        return [f"{name} item {t.next - 1}"] if t.next else []
    if t.kind == NAMED and t.flags & CALLED:
        name = type_name(type(<object>t.extra))
        return [f"tuple item {t.next - 1}", f"{name} reconstructor arguments", f"{name} object"]
    if t.kind == NAMED:
        return [f"tuple item {t.next - 1}", f"{name} __new__ arguments", f"{name} object"]
    if t.kind == SET or t.kind == FROZENSET:
        return [f"{name} element"]
    if t.kind == DICT:
        found = [f"{name} item {shown(<object>t.key)}"] if t.pending == VALUE_DONE else []
        if t.flags & STATE:
            owner = type_name(type(<object>t.extra))
            found += [f"{owner} state", f"{owner} object"]
        return found
    if t.kind == ORDERED:
        return ([f"{name} item {shown(<object>t.key)}"] if t.pending == VALUE_DONE else []) + [f"{name} object"]
    if t.kind == SLOTS:
        return [f"dict item {slot_name(t)!r}", "tuple item 1", f"{name} state", f"{name} object"]
    if t.kind == ITEMS:
        return [f"{name} item {t.next - 1}"] if t.pending else []
    if t.kind == PAIRS:
        found = [f"{name} item {shown((<tuple>t.value)[0])}"] if t.pending == VALUE_DONE else []
        return found
    if t.kind == REDUCE:
        found = []
        piece = t.next - 1
        if piece == CALLABLE:
            found.append(f"{name} class" if t.flags & (NEWOBJ | NEWOBJ_EX) else f"{name} reconstructor")
        elif piece == ARGUMENTS or piece == KEYWORDS:
            made = "__new__" if t.flags & (NEWOBJ | NEWOBJ_EX) else "reconstructor"
            found.append(f"{name} {made} arguments")
        elif piece == SETTER:
            found.append(f"{name} state setter")
        elif piece == THE_STATE:
            found.append(f"{name} state")
        return found + ([f"{name} object"] if t.flags & NOTED else [])
    return []


cdef str shown(key, int depth=3):
    """A key's repr, of bounded length and cost: that of tuples within tuples could take for ever."""
    cdef type kind = type(key)
    if kind is str or kind is bytes:
        return repr(key) if len(key) <= 200 else repr(key[:200]) + "..."
    if kind is int:
        return repr(key) if key.bit_length() < 1000 else "<int>"
    if kind in (float, complex, bool, type(None)):
        return repr(key)
    if kind is tuple and depth and len(key) <= 10:
        inner = ", ".join([shown(item, depth - 1) for item in key])
        return f"({inner},)" if len(key) == 1 else f"({inner})"
    return f"<{type_name(kind)} object>"


cdef str slot_name(Task* t):
    import copyreg
    return copyreg._slotnames(type(<object>t.obj))[t.next]


cdef str path(Output out):
    """The way from the root to the object at fault, as an expression: root['users'][3].session."""
    cdef Py_ssize_t i
    cdef Task* t
    parts = ["root"]
    state = False  # the next dict is an instance's state: its keys are attributes
    i = 0
    while i < out.depth:
        t = &out.tasks[i]
        parts.append(step(t, state))
        state = t.kind == REDUCE and t.next - 1 == THE_STATE
        i += 1
        if i == MOST_PARTS and out.depth > 2 * MOST_PARTS:
            i = out.depth - MOST_PARTS
            parts.append(" ... ")
    return "".join(parts)


cdef str step(Task* t, bint state):
    if t.kind == LIST or t.kind == TUPLE or t.kind == ITEMS:
        if state and t.kind == TUPLE:
            return ""
        return f"[{t.next - 1}]" if t.next else ""
    if t.kind == NAMED and t.flags & CALLED:
        return f".__reduce__()[1][{t.next - 1}]"
    if t.kind == NAMED:
        return f".{type(<object>t.obj)._fields[t.next - 1]}" if t.next else ""
    if t.kind == SLOTS:
        return f".{slot_name(t)}"
    if t.kind == SET or t.kind == FROZENSET:
        return ".<element>"
    if t.kind == DICT or t.kind == PAIRS or t.kind == ORDERED:
        if t.pending != VALUE_DONE:
            return ".<key>" if t.pending else ""
        key = (<tuple>t.value)[0] if t.kind == PAIRS else <object>t.key
        if (state or t.flags & STATE) and isinstance(key, str) and key.isidentifier():
            return f".{key}"
        return f"[{shown(key)}]"
    if t.kind == REDUCE:
        piece = t.next - 1
        if piece == CALLABLE:
            return ".__reduce__()[0]"
        if piece == ARGUMENTS and not t.flags & NEWOBJ:
            return ".__reduce__()[1]"
        return ""
    return ""
