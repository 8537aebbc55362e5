"""What can go wrong where: at every step of a deployment by driver, and a few of a rollback and of the way back."""

from itertools import product

from tests.deployments.faults import Fault

DRIVERS = ("process", "command", "fake", "ssh", "pipeline")
BROKEN = ("error", "timeout", "kill")

EVERYWHERE = [
    *product(["prepare"], ["git cat-file"], BROKEN),
    ("prepare", "artefacts", "disk full"),
    *product(["prepare"], ["build"], [*BROKEN, "disk full"]),
    *product(["backup"], ["backup"], [*BROKEN, "disk full"]),
    *product(["migrate"], ["migrate"], [*BROKEN, "disk full"]),
    *product(["snapshot"], ["git update-ref"], BROKEN),
    ("snapshot", "mirrors", "disk full"),
]
OF_DRIVER = {
    "process": [
        ("switch", "apps", "disk full"),
        ("switch", "migrate", "fill"),
        ("switch", "keeper", "kill"),
        *product(["health"], ["start"], ["error", "kill", "disk full", "fill"]),
        *product(["health"], ["health"], ["500", "timeout", "kill"]),
        *product(["verify"], ["verify"], ["500", "timeout", "kill"]),
    ],
    "command": [
        *product(["switch"], ["deploy"], [*BROKEN, "disk full", "late error", "late kill", "late timeout"]),
        ("switch", "migrate", "fill"),
        *product(["health"], ["health"], BROKEN),
        *product(["verify"], ["probe"], BROKEN),
    ],
    "ssh": [
        ("prepare", "hosts", "disk full"),
        ("switch", "migrate", "fill"),
        *product(["switch"], ["restart"], ["error", "kill"]),
        *product(["health"], ["start"], ["error", "kill"]),
        *product(["health"], ["health"], ["500", "timeout", "kill"]),
        *product(["verify"], ["verify"], ["500", "timeout", "kill"]),
    ],
    "pipeline": [
        *product(["switch"], ["deploy"], [*BROKEN, "disk full", "late error", "late kill", "late timeout"]),
        *product(["switch"], ["start"], ["500", "kill", "timeout", "lost"]),
        *product(["switch"], ["look"], ["500", "timeout"]),
        ("switch", "migrate", "fill"),
        *product(["health"], ["health"], ["500", "timeout", "kill"]),
        *product(["verify"], ["verify"], ["500", "timeout", "kill"]),
    ],
    "fake": [*product(["switch"], ["driver"], ["switch", "switch-retry"]), ("health", "driver", "health")],
}
MATRIX = [Fault(driver, *rest) for driver in DRIVERS for rest in [*EVERYWHERE, *OF_DRIVER[driver]]]
SAMPLE = [
    Fault("process", "prepare", "build", "kill"),
    Fault("process", "switch", "migrate", "fill"),
    Fault("process", "health", "health", "500"),
    Fault("command", "switch", "deploy", "late error"),
    Fault("fake", "snapshot", "mirrors", "disk full"),
]
ROLLBACKS = [
    Fault("process", "health", "health", "500"),
    Fault("command", "switch", "deploy", "late error"),
    Fault("pipeline", "switch", "deploy", "error"),
    Fault("fake", "switch", "driver", "switch"),
    Fault("fake", "snapshot", "mirrors", "disk full"),
]
WAYS_BACK = [
    Fault("process", "return", "start", "error"),
    Fault("command", "return", "deploy", "late kill"),
    Fault("ssh", "return", "restart", "error"),
    Fault("pipeline", "return", "deploy", "error"),
]
