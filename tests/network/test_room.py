"""Which flows can meet, with numbers that a reader checks in the head."""

from sim.network.room import Room


def test_flows_that_fit_at_their_bounds_do_not_meet():
    """On 10 bytes/s flows bound by 4 fit twice; the third overfills the link, and only that link."""
    room = Room([10.0, 100.0])
    bound = Room.bound(4.0)
    assert room.take((0, 1), bound)
    assert room.take((0, 1), bound)
    assert not room.take((0, 1), bound)
    assert room.overfilled((0, 1)) == {0}


def test_a_flow_that_leaves_makes_room_again():
    """What was given back can be taken, to the last byte and a fraction of one."""
    room = Room([0.75])
    third = Room.bound(0.25)
    for _ in range(1000):
        assert all(room.take((0,), third) for _ in range(3))
        assert not room.take((0,), third)
        for _ in range(4):
            room.give((0,), third)
    assert room.overfilled((0,)) == set()
