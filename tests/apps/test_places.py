"""Where the files that travel with the package lie."""

import pytest

from spotdiff.apps.places import existing, shipped_checkpoint, synonyms_file, travelling


def test_the_configuration_of_a_clone_is_found():
    assert (travelling("conf") / "train.yaml").is_file()
    assert synonyms_file().is_file()
    assert shipped_checkpoint().parent.name == "checkpoints"


def test_a_path_that_is_there_is_given_back(tmp_path):
    assert existing(str(tmp_path), "a folder") == tmp_path


def test_a_path_that_is_not_gets_its_nearest_neighbour(tmp_path):
    (tmp_path / "street.jpg").touch()
    with pytest.raises(
        FileNotFoundError, match=r"stret\.jpg does not exist\. Did you mean .*street\.jpg"
    ):
        existing(tmp_path / "stret.jpg", "a photograph")


def test_a_folder_that_is_not_there_is_looked_for_beside_the_work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        FileNotFoundError, match="Expected pairs, but nowhere/at/all does not exist"
    ):
        existing("nowhere/at/all", "pairs")
