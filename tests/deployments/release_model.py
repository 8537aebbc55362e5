"""What a product of text files should be like: dicts that know nothing of Lifecycle, to be compared with it.

Each change owns a file; one that is `shared` also owns a line of shop.py. A set of changes is a dict, change number →
the text it has.
"""

from dataclasses import dataclass, field

LINES_APART, MOST = 3, 12
Texts = dict[int, str]
Files = dict[str, str]


@dataclass
class Frozen:
    """A frozen release: what it takes, who was taken out of it, and who was returned and is offered anew."""

    takes: Texts
    is_urgent: bool
    ejected: set[int] = field(default_factory=set)
    anew: set[int] = field(default_factory=set)
    is_parked: bool = False


@dataclass
class Model:
    """`live` is what production has and `before` how it got there; `texts` what was pushed last."""

    texts: Texts = field(default_factory=dict)
    shared: set[int] = field(default_factory=set)
    returned: set[int] = field(default_factory=set)
    live: Texts = field(default_factory=dict)
    before: list[Texts] = field(default_factory=list)
    frozen: dict[int, Frozen] = field(default_factory=dict)
    came_back: dict[int, int] = field(default_factory=dict)

    def files(self, texts: Texts) -> Files:
        """The tree with these changes."""
        lines = [f"line {n}" for n in range(1, (MOST + 2) * LINES_APART)]
        for number in self.shared & set(texts):
            lines[number * LINES_APART] = texts[number]
        own = {f"change_{number}.txt": text for number, text in texts.items()}
        return {"shop.py": "\n".join(lines) + "\n", "lifecycle.toml": "", **own}

    def touches(self, number: int) -> set[str]:
        return {f"change_{number}.txt"} | ({"shop.py"} if number in self.shared else set())

    # what happens to releases

    def freeze(self, pk: int, takes: Texts, *, is_urgent: bool) -> None:
        for other in self.frozen.values():
            other.is_parked = other.is_parked or is_urgent
        self.frozen[pk] = Frozen(takes, is_urgent)

    def ask(self, pk: int) -> None:
        """A candidate is asked for: what was returned comes as it is offered by now, all else as it was frozen."""
        release = self.frozen[pk]
        release.takes |= {number: self.texts[number] for number in release.anew & set(release.takes)}
        release.anew = set()

    def leave(self, pk: int) -> None:
        """It is not frozen any more; what had made way for it comes back."""
        gone = self.frozen.pop(pk)
        for other, release in self.frozen.items() if gone.is_urgent else ():
            if release.is_parked:
                release.is_parked = False
                self.came_back[other] = self.came_back.get(other, 0) + 1
                self.ask(other)

    def ship(self, pk: int) -> None:
        self.before.append(self.live)
        self.live = self.live | self.frozen[pk].takes
        self.leave(pk)

    def roll_back(self) -> None:
        self.live = self.before.pop()

    # what happens to changes

    def push(self, number: int, text: str) -> None:
        self.texts[number] = text

    def give_back(self, number: int) -> None:
        self.returned.add(number)
        for release in self.frozen.values():
            release.anew.discard(number)

    def offer(self, number: int) -> None:
        self.returned.discard(number)
        for release in self.frozen.values():
            release.anew |= {number} & set(release.takes)


def differing(one: Files, other: Files) -> set[str]:
    """The paths that are not the same in both."""
    return {path for path in {*one, *other} if one.get(path) != other.get(path)}
