"""What this process gives up before it loads a student's module: resources by limits, files by
Landlock, other processes and the network by a filter of system calls. Each is tried, and what
holds is told by trying to break it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import site
import struct
import sys
import sysconfig
from typing import Any

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

LARGEST_FILE = 8 * 2**20
OPEN_FILES = 64

_LINUX = sys.platform == "linux"


def confine(folder: str, memory: int, seconds: int) -> dict[str, Any]:
    """Confine this process: memory in bytes, processor time in seconds; files may be written in the
    folder alone. What holds from now on: limits, the names of those that are set; files, processes
    and network, whether others are out of reach."""
    holds: dict[str, Any] = {"limits": _limits(memory, seconds), "files": False, "processes": False}
    if _LINUX:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG: killed when the parent ends
        libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS, which both of these need
        holds["files"] = _restrict_files(libc, folder)
        _drop_capabilities(libc)
        holds["processes"] = _filter_calls(libc)
    if not holds["processes"] and _lower("RLIMIT_NPROC", 0):
        holds["limits"].append("processes")
    holds["network"] = holds["processes"]  # one filter
    return holds


def _limits(memory: int, seconds: int) -> list[str]:
    wanted = {
        "processor time": ("RLIMIT_CPU", seconds),
        "memory": ("RLIMIT_AS", memory),
        "size of files": ("RLIMIT_FSIZE", LARGEST_FILE),
        "open files": ("RLIMIT_NOFILE", OPEN_FILES),
        "core files": ("RLIMIT_CORE", 0),
    }
    held = [name for name, (limit, most) in wanted.items() if _lower(limit, most)]
    if sys.platform == "darwin":  # which takes the limit and does not keep to it
        held = [name for name in held if name != "memory"]
    return held


def _lower(name: str, most: int) -> bool:
    """Set a limit, for good; whether that worked."""
    number = getattr(resource, name, None)
    if number is None:
        return False
    try:
        resource.setrlimit(number, (most, most))
    except (OSError, ValueError):
        return False
    return True


# Landlock: https://docs.kernel.org/userspace-api/landlock.html
_READ = 1 << 2 | 1 << 3  # files, folders
_WRITE = 1 << 1 | 1 << 5 | 1 << 8 | 1 << 14  # write, remove and make files, truncate
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")


def _restrict_files(libc: Any, folder: str) -> bool:
    """Keep away all files but Python's, the system's libraries (to be read), and the folder."""
    abi = libc.syscall(444, None, 0, 1)
    if abi < 3:  # before that, files could be truncated
        return False
    rights = (1 << 13 if abi < 2 else 1 << 14 if abi < 3 else 1 << 15 if abi < 5 else 1 << 16) - 1
    network = 3 if abi >= 4 else 0
    scoped = 3 if abi >= 6 else 0  # abstract sockets, signals
    attributes = struct.pack("QQQ", rights, network, scoped)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    rules = libc.syscall(444, attributes, ctypes.c_size_t(size), 0)
    if rules < 0:
        return False
    for path in _readable():
        _allow(libc, rules, path, _READ)
    for path in _DEVICES:
        _allow(libc, rules, path, 1 << 2 | 1 << 1)
    _allow(libc, rules, folder, _READ | _WRITE)
    done = libc.syscall(446, rules, 0) == 0
    os.close(rules)
    return done and _refused(lambda: os.listdir("/"))


def _readable() -> set[str]:
    """The folders of Python, of installed packages and of the system's libraries."""
    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = {sysconfig.get_path(kind) for kind in kinds} | set(site.getsitepackages())
    folders |= {os.path.join(sys.base_prefix, "lib")} if sys.base_prefix != "/usr" else set()
    folders |= {"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"}
    return folders | {"/etc/ld.so.cache", "/sys/devices/system/cpu"}


def _allow(libc: Any, rules: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(path):
        rights &= ~(1 << 3)
    rule = struct.pack("=Qi", rights, descriptor)
    libc.syscall(445, rules, 1, rule, 0)
    os.close(descriptor)


def _drop_capabilities(libc: Any) -> None:
    """Root without its powers, such as raising limits."""
    libc.capset(struct.pack("Ii", 0x20080522, 0), bytes(24))


# The numbers of system calls on x86-64, and on AArch64.
_DENIED: dict[str, tuple[int | None, int | None]] = {
    # Other processes: none is started, and none is reached.
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "tkill": (200, 130),
    "pidfd_send_signal": (424, 424),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "setpriority": (141, 140),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "ioprio_set": (251, 30),
    "sched_setattr": (314, 274),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # The network.
    "socket": (41, 198),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    # What would outlive the process.
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # The system.
    "unshare": (272, 97),
    "setns": (308, 268),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "mount": (165, 40),
    "umount2": (166, 39),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    # Owners, rights, times and attributes of files, which Landlock leaves alone.
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
}
_CLONE = (56, 220)
_CLONE3 = 435
_OWN = {"kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261)}
"""What a process may do to itself alone."""

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Which of the numbers, and how a filter is told the machine."""

_EPERM, _ENOSYS, _ALLOW, _KILL = 0x50001, 0x50026, 0x7FFF0000, 0x80000000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _MACHINE, _FIRST = 0, 4, 16  # places in what a filter sees


def _filter_calls(libc: Any) -> bool:
    """Refuse all that starts or reaches another process, opens a socket, or leaves something in the
    system; threads are allowed."""
    if platform.machine() not in _MACHINES:
        return False
    which, machine = _MACHINES[platform.machine()]
    lines: list[tuple] = [
        (_LOAD, 0, 0, _MACHINE),
        *((_EQUAL, 1, 0, machine), (_RETURN, 0, 0, _KILL)),
        (_LOAD, 0, 0, _NUMBER),
        *((_AT_LEAST, 0, 1, 1 << 30), (_RETURN, 0, 0, _EPERM)),  # numbers of another kind
    ]
    for numbers in _DENIED.values():
        if numbers[which] is not None:
            lines += [(_EQUAL, 0, 1, numbers[which]), (_RETURN, 0, 0, _EPERM)]
    # glibc then takes clone, whose flags a filter can read.
    lines += [(_EQUAL, 0, 1, _CLONE3), (_RETURN, 0, 0, _ENOSYS)]
    thread = (_ANY_BIT, 0, 1, 0x10000)
    lines += [(_EQUAL, 0, 4, _CLONE[which]), (_LOAD, 0, 0, _FIRST), thread]
    lines += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _EPERM)]
    for numbers in _OWN.values():
        own = [(_EQUAL, 1, 0, os.getpid()), (_EQUAL, 0, 1, 0), (_RETURN, 0, 0, _ALLOW)]
        lines += [
            (_EQUAL, 0, 5, numbers[which]),
            (_LOAD, 0, 0, _FIRST),
            *own,
            (_RETURN, 0, 0, _EPERM),
        ]
    lines.append((_RETURN, 0, 0, _ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    program = struct.pack("H6xQ", len(lines), ctypes.addressof(code))
    done = libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0) == 0  # PR_SET_SECCOMP
    return done and _refused(lambda: os.kill(os.getppid(), 0))


def _refused(job: Any) -> bool:
    with contextlib.suppress(PermissionError):
        job()
        return False
    return True
