import importlib.util
import sys

from harness.worker.imports.hooks import when_imported


def test_hook_runs_once_when_a_module_is_imported(tmp_path, monkeypatch):
    (tmp_path / "imported_later.py").write_text("value = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    seen = []
    when_imported("imported_later", lambda module: seen.append(module.value))
    assert importlib.util.find_spec("imported_later")  # looked for, which is no import
    import email.mime.audio  # noqa: F401 - another module is none of its business

    assert seen == []
    importlib.import_module("imported_later")
    assert seen == [3]
    del sys.modules["imported_later"]
    importlib.import_module("imported_later")
    assert seen == [3]


def test_hook_runs_at_once_for_a_loaded_module():
    seen = []
    when_imported("sys", seen.append)
    assert seen == [sys]
    assert not any(type(finder).__module__ == "harness.worker.imports.hooks" for finder in sys.meta_path)
