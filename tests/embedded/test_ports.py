"""Two launchers never take the same port, and one keeps its ports over a restart."""

import json
import socket

from lifecycle.embedded import ports


def test_it_steps_over_a_port_in_use():
    with socket.socket() as other:
        other.bind((ports.LOOPBACK, 0))
        other.listen()
        taken = other.getsockname()[1]
        assert ports.pick(taken) > taken


def test_a_claimed_port_is_not_found_free_by_somebody_else():
    port = ports.pick(23_000)
    assert ports.pick(port) != port


def test_it_takes_the_port_of_the_last_start(tmp_path):
    memory = tmp_path / "ports.json"
    wanted = ports.pick(24_000)
    remembered = next(port for port in range(25_000, 25_100) if ports.is_free(port))
    memory.write_text(json.dumps({"web": remembered}))
    assert ports.pick_all({"web": wanted}, remembered_in=memory) == {"web": remembered}


def test_it_moves_on_when_the_port_of_the_last_start_is_taken(tmp_path):
    memory = tmp_path / "ports.json"
    taken = ports.pick(26_000)
    memory.write_text(json.dumps({"web": taken}))
    chosen = ports.pick_all({"web": taken}, remembered_in=memory)["web"]
    assert chosen != taken
    assert json.loads(memory.read_text()) == {"web": chosen}
