"""What a driver says while it works."""


class Log:
    """Takes output as the engine's log does; `text` is all of it."""

    def __init__(self) -> None:
        self.text = ""

    def __call__(self, stream: str, text: str) -> None:
        self.text += text
