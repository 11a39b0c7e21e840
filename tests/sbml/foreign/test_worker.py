"""A child process takes the blows: what it returns, how it dies, and that nothing of it is left behind."""

from __future__ import annotations

import ctypes
import operator
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kinaptic.errors import ForeignModelError, KinapticError, SimulationFailed, TimeLimit, UnknownName
from kinaptic.sbml.foreign import child, worker

# Functions of modules that the child has as well: it cannot import this one.
RUN = exec  # worker.call(RUN, code)
WITH_LOCK = """
import builtins, fcntl
builtins.held = open({path!r}, "w")
fcntl.flock(builtins.held, fcntl.LOCK_EX)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def run(code: str, folder: Path) -> subprocess.Popen[str]:
    """Start a script of its own."""
    script = folder / "scripts" / "theirs.py"
    script.parent.mkdir(exist_ok=True)
    script.write_text(textwrap.dedent(code), "utf-8")
    path = os.pathsep.join(filter(None, sys.path))
    return subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
    )


def output(code: str, folder: Path) -> str:
    process = run(code, folder)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert err == ""
    return out


def wait_for(path: Path) -> None:
    """Wait for a file to be there; a minute is as good as never."""
    for _ in range(6000):
        if path.exists():
            return
        time.sleep(0.01)
    pytest.fail(f"{path.name} does not come")


def released(lock: Path) -> bool:
    """Return whether nobody holds a lock any more; the system lets go of one with its process."""
    import fcntl

    with lock.open("w") as file:
        for _ in range(2000):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.01)
            else:
                return True
    return False


# ---- What comes back
def test_a_result_from_another_process() -> None:
    assert worker.call(operator.add, 20, 22) == 42
    assert worker.call(os.getpid) != os.getpid()


def test_one_process_serves_many_calls() -> None:
    assert worker.call(os.getpid) == worker.call(os.getpid)


def test_more_than_a_pipe_holds() -> None:
    much = os.urandom(3_000_000)
    assert worker.call(bytes, much) == much


def test_threads_take_turns() -> None:
    with ThreadPoolExecutor(8) as pool:
        pids = list(pool.map(lambda _: worker.call(os.getpid), range(16)))
        squares = list(pool.map(lambda n: worker.call(pow, n, 2), range(100)))
    assert len(set(pids)) == 1
    assert squares == [n * n for n in range(100)]


@pytest.mark.parametrize("kind", [ForeignModelError, SimulationFailed, TimeLimit, UnknownName, KinapticError])
def test_our_errors_keep_class_and_message(kind: type[KinapticError]) -> None:
    raised = f"raise __import__('kinaptic.errors').errors.{kind.__name__}"
    of = "('id', 'Cb', ['Ca'])" if kind is UnknownName else "('line 7: µ', )"
    with pytest.raises(kind) as found:
        worker.call(RUN, f"{raised}(*{of})")
    assert type(found.value) is kind
    said = "unknown id 'Cb': did you mean Ca?" if kind is UnknownName else "line 7: µ"
    assert str(found.value) in (said, f"('{said}',)")


def test_other_errors_come_back_with_where_they_arose() -> None:
    with pytest.raises(ZeroDivisionError, match="division by zero") as found:
        worker.call(operator.truediv, 1, 0)
    assert "in _answer" in found.value.__notes__[0]


ODD = """
import sys
class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")
sys.modules["builtins"].Odd = Odd
Odd.__module__ = "builtins"
raise Odd(1, 2)
"""


def test_an_error_that_cannot_be_sent_is_told_in_words() -> None:
    with pytest.raises(SimulationFailed, match="Odd: 1 and 2"):
        worker.call(RUN, ODD)


def test_what_cannot_be_sent_does_no_harm() -> None:
    with pytest.raises(Exception, match=r"pickle|lambda"):
        worker.call(len, lambda: 0)
    with pytest.raises(Exception, match=r"pickle|lambda"):
        worker.call(eval, "lambda: 0")
    assert worker.call(len, "abc") == 3


# ---- How it dies
@pytest.mark.parametrize(
    ("blow", "words"),
    [
        ("os.abort()", "SIGABRT .*no more memory"),
        ("ctypes.string_at(0)", "SIGSEGV .*crash inside of libSBML or libRoadRunner"),
        ("os.kill(os.getpid(), 9)", "SIGKILL .*ended it from outside"),
        ("os.kill(os.getpid(), 15)", r"SIGTERM \(a signal\)"),
        ("os._exit(3)", "exit code 3"),
        ("sys.exit('no more')", "exit code 1"),
        ("os.closerange(3, 99)", "exit code 1"),  # the pipe for answers among them
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_its_death_is_told_and_the_next_call_works(blow: str, words: str) -> None:
    before = worker.call(os.getpid)
    with pytest.raises(SimulationFailed, match=rf"ended without a result, by {words}") as found:
        worker.call(RUN, f"import ctypes, os, sys\n{blow}")
    assert "this program goes on" in str(found.value)
    assert worker.call(os.getpid) != before


def test_one_that_died_between_calls_is_replaced() -> None:
    pid = worker.call(os.getpid)
    os.kill(pid, signal.SIGKILL)
    assert released_process(pid)
    assert worker.call(operator.add, 1, 1) == 2


def released_process(pid: int) -> bool:
    """Wait until a child of ours has ended, without taking note of it."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT) is not None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps the limit")
def test_memory_is_limited() -> None:
    with pytest.raises(SimulationFailed, match="more than the 4 GB of memory"):
        worker.call(bytearray, child.MEMORY)
    assert worker.call(len, worker.call(bytearray, 10**6)) == 10**6


def test_endless_recursion_is_told() -> None:
    with pytest.raises(SimulationFailed, match="nested deeper"):
        worker.call(eval, "(lambda f: f(f))(lambda f: f(f))")


def test_a_time_limit_ends_it() -> None:
    with pytest.raises(TimeLimit, match=r"over the time limit of 0\.2 s"):
        worker.call(time.sleep, 3600, time_limit=0.2)
    assert worker.call(operator.add, 1, 1, time_limit=60) == 2


def test_a_time_limit_is_kept_although_python_is_locked() -> None:
    """As by libroadrunner while it integrates."""
    with pytest.raises(TimeLimit):
        worker.call(RUN, "import ctypes; ctypes.PyDLL(None).sleep(3600)", time_limit=0.2)
    assert ctypes.PyDLL(None).sleep(0) == 0, "the function is there"


@pytest.fixture
def no_python(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    worker._child.end()
    monkeypatch.setattr(sys, "executable", "no-such-python")
    yield
    monkeypatch.undo()
    assert worker.call(operator.add, 1, 1) == 2


def test_a_python_that_does_not_start_is_told(no_python: None) -> None:
    with pytest.raises(SimulationFailed, match="cannot be started with the Python 'no-such-python'"):
        worker.call(operator.add, 1, 1)


# ---- The process it belongs to
def test_a_script_is_not_run_again_and_stdout_is_its_own(folder: Path) -> None:
    """Without ``if __name__ == "__main__"``, and with modules in the current folder that would break it."""
    (folder / "pickle.py").write_text("raise SystemExit('theirs')", "utf-8")
    code = """
        import os
        from kinaptic.sbml.foreign import worker
        print("once", flush=True)
        worker.call(exec, "import os; os.write(1, b'past Python'); os.write(2, b'errors'); print('here')")
        print(worker.call(len, "abc"))
    """
    assert output(code, folder) == "once\n3\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_has_one_of_its_own(folder: Path) -> None:
    code = """
        import os, sys, threading, time, warnings
        from kinaptic.sbml.foreign import worker
        warnings.simplefilter("ignore")  # of forks beside threads
        first = worker.call(os.getpid)
        busy = threading.Thread(target=worker.call, args=(time.sleep, 0.5))
        busy.start()
        while not worker._child._lock.locked():
            time.sleep(0.01)
        forked = os.fork()
        if forked == 0:
            second = worker.call(os.getpid)
            sys.exit(0 if second != first and worker.call(os.getppid) == os.getpid() else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]))
        print(worker.call(os.getpid) == first)
    """
    assert output(code, folder) == "0\nTrue\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_does_not_hold_it(folder: Path) -> None:
    """A fork that lives on has not the pipes whose end tells the child that its parent is gone."""
    lock = folder / "lock"
    code = f"""
        import os, sys
        from kinaptic.sbml.foreign import worker
        worker.call(exec, {WITH_LOCK.format(path=str(lock))!r})
        if os.fork() == 0:
            sys.stdin.read()
        os._exit(0)
    """
    process = run(code, folder)
    process.wait(timeout=120)
    assert lock.exists()
    assert released(lock)
    process.communicate(timeout=120)  # which ends the fork


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_in_a_daemonic_process(method: str, folder: Path) -> None:
    """As workers of Dask are: multiprocessing allows them no children."""
    if method == "fork" and not hasattr(os, "fork"):
        pytest.skip("needs fork")
    code = f"""
        import multiprocessing, operator
        from kinaptic.sbml.foreign import worker
        def work(queue):
            queue.put(worker.call(operator.mul, 6, 7))
        if __name__ == "__main__":
            context = multiprocessing.get_context({method!r})
            queue = context.Queue()
            process = context.Process(target=work, args=(queue,), daemon=True)
            process.start()
            print(queue.get(timeout=60))
            process.join()
            print(process.exitcode)
    """
    assert output(code, folder) == "42\n0\n"


def test_in_a_process_of_loky() -> None:
    import loky

    executor = loky.ProcessPoolExecutor(max_workers=1)
    try:
        here = worker.call(os.getpid)
        there, again = (executor.submit(worker.call, os.getpid).result(timeout=120) for _ in range(2))
    finally:
        executor.shutdown()
    assert there == again != here


# ---- Its end
@pytest.mark.skipif(sys.platform == "win32", reason="locks of POSIX")
@pytest.mark.parametrize(
    ("at", "end"),
    [
        ("pass", "pass"),
        ("pass", "os.kill(os.getpid(), 9)"),
        ("pass", "os._exit(0)"),
        ("import time; time.sleep(3600)", "os.kill(os.getpid(), 9)"),
        ("import ctypes; ctypes.PyDLL(None).sleep(3600)", "os.kill(os.getpid(), 9)"),  # Python is locked
    ],
    ids=["exit", "killed", "left", "killed-while-working", "killed-while-locked"],
)
def test_it_ends_with_its_parent(at: str, end: str, folder: Path) -> None:
    lock, begun = folder / "lock", folder / "begun"
    work = WITH_LOCK.format(path=str(lock)) + f"open({str(begun)!r}, 'w').close()\n{at}"
    code = f"""
        import os, threading, time
        from kinaptic.sbml.foreign import worker
        calling = threading.Thread(target=worker.call, args=(exec, {work!r}), daemon=True)
        calling.start()
        while not os.path.exists({str(begun)!r}):
            time.sleep(0.01)
        if {at!r} == "pass":
            calling.join()
        {end}
    """
    process = run(code, folder)
    process.communicate(timeout=120)
    assert begun.exists()
    assert released(lock)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_is_for_its_parent_to_hear() -> None:
    """A terminal sends it to both, and a parent may go on."""
    pid = worker.call(os.getpid)
    os.kill(pid, signal.SIGINT)
    assert worker.call(os.getpid) == pid


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_ends_it_and_the_next_call_works(folder: Path) -> None:
    lock, begun = folder / "lock", folder / "begun"
    work = (
        WITH_LOCK.format(path=str(lock)) + f"open({str(begun)!r}, 'w').close()\nimport time; time.sleep(3600)"
    )
    code = f"""
        import signal
        from kinaptic.sbml.foreign import worker
        signal.signal(signal.SIGINT, signal.default_int_handler)  # deaf in the background
        try:
            worker.call(exec, {work!r})
        except KeyboardInterrupt:
            print(worker.call(len, "abc"))
    """
    process = run(code, folder)
    wait_for(begun)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (out, err, process.returncode) == ("3\n", "", 0)
    assert released(lock)
