"""What numbers in rows mean: results of ops, kinds of events, questions to the engine, and the like.

State has no text. Ops know these numbers as constants, which compiled ops have in them; the texts that a result has for
them are in `sim.engines.rows`.
"""

from __future__ import annotations

from typing import Final

from sim.registry.replication import Event, State
from sim.tables.rows import PHASES

N_PHASES: Final = len(PHASES)
NEVER: Final = 1e308
"""Later than anything that happens; finite, so that sums with it stay ordered."""
INF: Final = float("inf")

# What an op returns: what its task does next. From FAILED on it is a failure, and why.
GO: Final = 0  # the next op
WAIT: Final = 1  # the next op when the clock is where the timeline is
BLOCKED: Final = 2  # the next op when another makes the task ready
ENDED: Final = 3  # nothing: its program has ended
FAILED: Final = 16
CONNECTION_LOST: Final = 16  # up to LAST_UNREACHABLE: trying again later may help
CONNECTION_TIMED_OUT: Final = 17
REGISTRY_DOWN: Final = 18
FETCH_BROKE_OFF: Final = 19
BLOB_GONE: Final = 20
LAST_UNREACHABLE: Final = 20
NOT_AT_CENTRAL: Final = 21
NOT_ON_ITS_NODE: Final = 22
IMAGE_NOT_FOUND: Final = 23
DISK_FULL: Final = 24
QUOTA_EXCEEDED: Final = 25
TOKEN_REFUSED: Final = 26
RATE_LIMITED: Final = 40  # and twice the limit's scope, and 1 on a node: see ops/rate_limits
TOO_MANY_PULLS: Final = 48
LAST_RATE_LIMITED: Final = 48
ANSWER_TIMED_OUT: Final = 49  # what was asked for may be done nevertheless

# Kinds of events (`Event.kind`); their subject is `Event.what`.
TASK_DUE: Final = 0  # a task goes on
ARRIVAL: Final = 1  # the next deploy is asked for
LONE_DUE: Final = 2  # a flow that has its links to itself has ended
PS_DUE: Final = 3  # the first flow has ended of those that share a lane among themselves
FAIR_DUE: Final = 4  # the first flow has ended of those that share links
OUTAGE_BEGINS: Final = 5
OUTAGE_ENDS: Final = 6
CONVERGED: Final = 7  # routing has heard of a link's change
SCHEDULE_STEP: Final = 8  # a link's schedule has its next step
GARBAGE_COLLECTION: Final = 9  # at central
AUDIT_DUE: Final = 10
WAIT_TIMED_OUT: Final = 11  # a task has waited for an image as long as it may
LOG_OPERATION_DUE: Final = 12  # the next operation of a log begins
SWARM_DUE: Final = 13  # a swarm goes on, or a member of it has a layer
ROUND_DUE: Final = 14  # a flow's window has been delivered
BODY_BEGINS: Final = 15  # the first packets of a body leave
PACKETS_DUE: Final = 16  # packets go on, or a body of them has left

# What an engine is asked for (`g.asked`), since rows alone can't do it.
ROUTE_ASKED: Final = 1  # a way from machine `asked_a` to registry `asked_b` (`asked_c`: as copies go)
ROUTES_CHANGED: Final = 2  # routes avoid links from now on
AUDIT_ASKED: Final = 3
GROW_ASKED: Final = 4  # more rows: for one table (`state.GROW_*`), or for all that are nearly full (0)
SWARM_ASKED: Final = 5
DRAWS_ASKED: Final = 6  # service times of registry `asked_a`
OPERATIONS_ASKED: Final = 7  # the next operations of a log, in `operations`
DECISION_ASKED: Final = 8  # where deploy `asked_a` starts, or by which route it is pushed: `Deploy.undecided`
PACKETS_ASKED: Final = 9

# What the packet wire is asked for (`g.asked_a`); the row `packets` has the rest.
PACKETS_DRAW: Final = 1  # when flight `asked_b` begins
PACKETS_BEGIN: Final = 2  # it does
PACKETS_RUN: Final = 3  # go on until the run's next event, or until a body has left
PACKETS_WAIT: Final = 4  # how long a packet on lane `asked_b` waits just now

# What a swarm is asked for (`g.asked_a`); the row `swarm` has the rest.
SWARM_FINDS: Final = 1  # whether anybody fetches this layer
SWARM_JOINS: Final = 2  # a task fetches it from now on; `asked_b` holders have it if nobody fetched it before
SWARM_RUNS: Final = 3  # go on until the run's next event, or until a member ends
SWARM_REPORTS: Final = 4  # which members have ended
SWARM_LEAVES: Final = 5  # registry `asked_b` is down, with its disk if `asked_c`
SWARM_CAPACITY: Final = 6  # link `asked_b` has another capacity

# What transfers are for, and what they carry.
FOR_PUSH: Final = 0
FOR_PULL: Final = 1
FOR_SYNC: Final = 2
KERNEL: Final = 0
ROOTFS: Final = 1
METADATA: Final = 2
CONFIG: Final = 3

# What held a flow back: a link, by its number, or one of these.
OWN_CAP: Final = -1
UNBOUND: Final = -2

# How far dedup looks, in the order of `sim.registry.dedup.SCOPES`.
NO_SCOPE: Final = 0
REPOSITORY_SCOPE: Final = 1
ACCOUNT_SCOPE: Final = 2
REGISTRY_SCOPE: Final = 3
FLEET_SCOPE: Final = 4

# How a node unpacks an image's layers.
IN_ORDER: Final = 0
PARALLEL: Final = 1
STREAMED: Final = 2

# Routes of a deploy.
CENTRAL: Final = 0
NODE_DIRECT: Final = 1
BOTH: Final = 2
START_ONLY: Final = 3  # nothing is pushed

# What of a deploy is decided as it begins, by rules that look at what nodes hold; both may be.
NODES_UNDECIDED: Final = 1
ROUTE_UNDECIDED: Final = 2

# Why an image was dropped (`Drop.why`).
EVICTED: Final = 0
EXPIRED: Final = 1
REMOVED: Final = 2
COLLECTED: Final = 3
BROKEN: Final = 4

# States of a reference at a registry and the events that move it, by their places in `sim.registry.replication`.
_STATES = list(State)
_MOVES = list(Event)
N_MOVES: Final = len(_MOVES)
STATE_ABSENT: Final = _STATES.index(State.ABSENT)
STATE_COMMITTED: Final = _STATES.index(State.COMMITTED)
STATE_BACKING_OFF: Final = _STATES.index(State.BACKING_OFF)
MOVE_OWED: Final = _MOVES.index(Event.OWED)
MOVE_BEGUN: Final = _MOVES.index(Event.BEGUN)
MOVE_CHECKED: Final = _MOVES.index(Event.CHECKED)
MOVE_PUT: Final = _MOVES.index(Event.PUT)
MOVE_BROKE: Final = _MOVES.index(Event.BROKE)
MOVE_GAVE_UP: Final = _MOVES.index(Event.GAVE_UP)
MOVE_VANISHED: Final = _MOVES.index(Event.VANISHED)
MOVE_LOST: Final = _MOVES.index(Event.LOST)
