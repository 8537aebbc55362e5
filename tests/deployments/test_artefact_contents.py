"""The worker and a server behind ssh must reckon one hash for the same files, each with code of its own."""

from pathlib import Path

import pytest

from deployments.artefact_contents import contents_hash
from deployments.drivers.ssh.remote import files


@pytest.mark.parametrize("names", [["shop.py", "shop/a.py"], ["a-b/x", "a/x", "a.b", "A", "\u043a\u043e\u0442"]])
def test_both_hash_a_folder_beside_a_file_of_almost_the_same_name_alike(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(name)
    (tmp_path / names[0]).chmod(0o755)
    (tmp_path / "link").symlink_to(names[0])
    assert contents_hash(tmp_path) == files.contents_hash(tmp_path)
