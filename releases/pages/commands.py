"""What a developer types."""

from releases.models import Change


def commands_for(change: Change) -> str:
    """What a developer types to begin, or to go on."""
    if not change.branch:
        return ""
    start = "" if change.revision else f" --no-track -c {change.branch} origin/{main_of(change)}"
    return f"git fetch && git switch{start or ' ' + change.branch}"


def main_of(change: Change) -> str:
    """The branch of the product's repository that everything starts from."""
    return change.product.repository.main_branch if hasattr(change.product, "repository") else "main"
