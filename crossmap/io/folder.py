"""Folders of results that appear whole or not at all."""

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crossmap.errors import OutputError
from crossmap.io.results import MANIFEST_FILE, PROGRAM, Provenance, write_json, writing

_log = logging.getLogger(__name__)

CROSS_COMMANDS = ("convert", "fill", "simulate")
"""Commands whose folder is a cross, which only another of them may replace."""


@contextmanager
def result_folder(out: str | Path, provenance: Provenance) -> Iterator[Path]:
    r"""Make a folder of results that appears whole at the end of the block, or not at all.

    The block writes into a hidden folder beside `out`. When it ends well, manifest.json is added
    and the folder takes its name; on an error or an interrupt it is removed and whatever stood at
    `out` stays as it was.

    Parameters
    ----------
    out
        The folder. It may be new, empty, or hold earlier results of crossmap (known by their
        manifest.json), which are replaced whole; a cross only by another. Missing parents are made.
    provenance
        For the manifest. A folder that holds one of its input files is refused.

    Yields
    ------
    pathlib.Path
        Where to write.

    Raises
    ------
    OutputError
        If `out` is a file, a folder with anything else in it, a cross and what is written is none,
        the current folder, the folder of an input, in use by another run, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> out = Path(tempfile.mkdtemp()) / "results"
    >>> with result_folder(out, Provenance("example")) as folder:
    ...     _ = (folder / "table.tsv").write_text("trait\n")
    ...     before = out.exists()
    >>> before, sorted(file.name for file in out.iterdir())
    (False, ['manifest.json', 'table.tsv'])
    """
    target = Path(out).resolve()
    with writing(out):
        _refuse(out, target, provenance)
    with _parents(target), _locked(out, target):
        draft, old = (target.with_name(f".{target.name}.{part}") for part in ("partial", "old"))
        _tidy(target, draft, old)
        try:
            with writing(out):
                draft.mkdir()
            yield draft
            write_json(provenance.to_manifest(), draft, MANIFEST_FILE)
            with writing(out):
                _refuse(out, target, provenance)  # once more: much may have happened since
                _replace(target, draft, old)
            _log.info("wrote %s", out)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            if target.exists():
                shutil.rmtree(old, ignore_errors=True)


def _refuse(out: str | Path, target: Path, provenance: Provenance) -> None:
    """Refuse to put results where something else would be lost."""
    expected = "a new or empty folder, or earlier results of crossmap"
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        msg = f"{out}: expected {expected}, found a file"
        raise OutputError(msg)
    if target == Path.cwd() or target in Path.cwd().parents:
        msg = f"{out}: expected {expected}, found the folder you are in"
        raise OutputError(msg)
    for file in provenance.files:
        if target in Path(file).resolve().parents:
            msg = f"{out}: expected {expected}, found the folder of the input {file}"
            raise OutputError(msg)
    content = sorted(file.name for file in target.iterdir()) if target.exists() else []
    if not content:
        return
    manifest = _own_manifest(target)
    if manifest is None:
        msg = f"{out}: expected {expected}, found a folder that holds {content[0]!r}"
        raise OutputError(msg)
    made_by = manifest.get("command")
    if made_by in CROSS_COMMANDS and provenance.command not in CROSS_COMMANDS:
        msg = (
            f"{out}: expected {expected}, found a cross that crossmap {made_by} made, which would "
            "be lost: choose another folder"
        )
        raise OutputError(msg)


def _own_manifest(folder: Path) -> dict[str, object] | None:
    """Read the manifest of earlier results; None if there are none of crossmap."""
    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and manifest.get("program") == PROGRAM else None


@contextmanager
def _parents(target: Path) -> Iterator[None]:
    """Make the missing parents of a folder; take them away again if nothing comes of it."""
    missing = [parent for parent in target.parents if not parent.exists()]
    try:
        with writing(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for parent in missing:
            with suppress(OSError):  # not empty: results, or something of somebody else's
                parent.rmdir()


@contextmanager
def _locked(out: str | Path, target: Path) -> Iterator[None]:
    """Hold the lock of a folder; it dies with the process that holds it."""
    from filelock import FileLock, Timeout

    file = target.with_name(f".{target.name}.lock")
    lock = FileLock(file)
    with writing(out):
        # Where no file can be made, say so: a lock that cannot be had looks like one that is held.
        file.touch()
        try:
            lock.acquire(blocking=False)
            if not file.exists():  # the run before took it away between our opening and locking it
                lock.release()
                lock.acquire(blocking=False)
        except Timeout:
            msg = f"{out}: expected a folder that is not in use, found another run writing to it"
            raise OutputError(msg) from None
    try:
        yield
    finally:
        # While it is still ours. Nobody waits for it: whoever finds it held is refused.
        with suppress(OSError):
            file.unlink()
        lock.release()


def _tidy(target: Path, draft: Path, old: Path) -> None:
    """Clear away what a run that was killed left behind; its lock died with it."""
    if old.exists() and not target.exists():
        with writing(target):
            old.rename(target)  # it was killed between the two renames of `_replace`
    for left in (draft, old):
        shutil.rmtree(left, ignore_errors=True)


def _replace(target: Path, draft: Path, old: Path) -> None:
    if not target.exists():
        draft.rename(target)
        return
    try:
        target.rename(old)
        draft.rename(target)
    except BaseException:
        if not target.exists():
            old.rename(target)
        raise
