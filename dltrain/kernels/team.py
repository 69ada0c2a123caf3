"""How threads hand each other work without Python: a slot in memory for each member of a team.

A member that has just worked looks at its slot for a while before it sleeps: training steps follow
each other within microseconds, and a thread that sleeps is woken late, often on a busy processor.
"""

from __future__ import annotations

from dltrain.kernels.kernel import kernel
from dltrain.kernels.memory import add_atomically, call, read_atomically, words

SLOT_BYTES = 128
"""From one member's slot to the next: two cache lines."""
WORD = 8


@kernel
def post():  # type: ignore[no-untyped-def]
    """Give members [first, last) a job. Words: address of the slots, address of the job's words."""

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        for member in range(first, last):
            slot = args[0] + SLOT_BYTES * member
            words(slot)[1] = args[1]
            add_atomically(slot, 1)

    return run


@kernel
def serve():  # type: ignore[no-untyped-def]
    """Do a member's jobs, as thread `thread`, until none has come for a number of looks.

    Words: address of the slot, address of the kernel that does a job, looks. A slot holds the count
    of jobs posted, the address of the last one's words, whether the member sleeps (or is about to),
    and the count of jobs done. Whoever posts wakes a member that sleeps. Both sides write first and
    look afterwards, so that no job is missed.
    """

    def run(args, first, last, lane, thread):  # type: ignore[no-untyped-def]
        slot, job, patience = args[0], args[1], args[2]
        state, asleep = words(slot), slot + 2 * WORD
        if state[2] != 0:
            add_atomically(asleep, -1)
        while True:
            looks = 0
            while read_atomically(slot) == state[3] and looks <= patience:
                looks += 1
            if looks > patience:
                add_atomically(asleep, 1)
                if read_atomically(slot) == state[3]:
                    return
                add_atomically(asleep, -1)
            state[3] += 1
            call(job, state[1], 0, 0, 0, thread)

    return run
