"""What a virtual machine boots: a kernel from a Debian package, its modules and an initramfs.

Everything is made once and kept below build/vm; nothing is installed on the host.
"""
import fcntl
import hashlib
import lzma
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "vm")
BUSYBOX = "/bin/busybox"

# What the first program needs to reach the host: the rest is loaded from the host's disk.
BOOT_MODULES = ["virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_console"]

# Most of a kernel package drives hardware that the machine does not have.
LEFT_OUT = ["kernel/sound", "kernel/drivers/gpu", "kernel/drivers/media", "kernel/drivers/staging",
            "kernel/drivers/infiniband", "kernel/drivers/scsi", "kernel/drivers/usb",
            "kernel/drivers/iio", "kernel/drivers/hwmon", "kernel/drivers/input",
            "kernel/drivers/net/wireless", "kernel/drivers/net/ethernet", "kernel/drivers/video"]


class ImageError(Exception):
    """Why there is nothing to boot."""


@dataclass
class Image:
    """Absolute paths of what QEMU is given."""
    kernel: str
    modules: str  # the folder that becomes /lib/modules
    initramfs: str


def find(package):
    """The image of a kernel package, made if it is not there yet."""
    os.makedirs(CACHE, exist_ok=True)
    with locked(os.path.join(CACHE, "lock")):
        folder = unpacked(package)
        return Image(kernel=os.path.join(folder, "vmlinux"),
                     modules=os.path.join(folder, "lib", "modules"),
                     initramfs=initramfs(folder))


@contextmanager
def locked(path):
    """Several machines may start at once; one of them makes the image."""
    with open(path, "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(command, what, **options):
    """Runs a program; its output is shown only when it fails."""
    # The tools for modules are where only root looks for programs.
    paths = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    try:
        done = subprocess.run(command, env=dict(os.environ, PATH=paths), stdin=options.pop("stdin", subprocess.DEVNULL),
                              stdout=options.pop("stdout", subprocess.PIPE),
                              stderr=subprocess.PIPE, check=False, **options)
    except FileNotFoundError as error:
        raise ImageError(f"cannot {what}: there is no {command[0]} here "
                         "(scripts/install-deps installs it)") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise ImageError(f"cannot {what}: {' '.join(command)} failed:\n{said}")
    return done.stdout


def unpacked(package):
    """The folder with `vmlinux` and `lib/modules` of a kernel package."""
    folder = os.path.join(CACHE, package)
    if os.path.isdir(folder):
        return folder
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="new-") as work:
        archive = download(package, work)
        target = os.path.join(work, "tree")
        os.mkdir(target)
        run(["dpkg-deb", "-x", archive, target], f"unpack {package}")
        release = only(os.path.join(target, "lib", "modules"))
        for name in LEFT_OUT:
            shutil.rmtree(os.path.join(target, "lib", "modules", release, name),
                          ignore_errors=True)
        run(["depmod", "-b", target, release], "index the modules")
        with open(os.path.join(target, "vmlinux"), "wb") as file:
            file.write(uncompressed(os.path.join(target, "boot", "vmlinuz-" + release)))
        os.rename(target, folder)
    return folder


def download(package, folder):
    """Fetches a kernel package, or the one that a package like linux-image-amd64 stands for."""
    try:
        return fetch(package, folder)
    except ImageError as error:
        # The package lists may be missing, or name a version that was replaced since.
        try:
            run(["apt-get", "-q", "update"], "update the package lists")
        except ImageError:
            raise error from None
        return fetch(package, folder)


def fetch(package, folder):
    """download() by the package lists as they are."""
    listed = run(["apt-cache", "depends", "--important", package], f"look {package} up").decode()
    names = [line.split()[-1] for line in listed.splitlines() if "Depends: linux-image-" in line]
    wanted = names[0] if names else package
    run(["apt-get", "-q", "download", wanted], f"download {wanted}", cwd=folder)
    return os.path.join(folder, next(name for name in os.listdir(folder) if name.endswith(".deb")))


def only(folder):
    """The one entry of a folder."""
    entries = os.listdir(folder)
    if len(entries) != 1:
        raise ImageError(f"{folder} should hold one entry, not {len(entries)}")
    return entries[0]


def uncompressed(path):
    """The ELF kernel within a vmlinuz, which QEMU starts without emulating its decompression."""
    with open(path, "rb") as file:
        content = file.read()
    start = content.find(b"\xfd7zXZ\0")
    try:
        kernel = lzma.LZMADecompressor().decompress(content[start:]) if start >= 0 else b""
    except lzma.LZMAError:
        kernel = b""
    # Other kernels may be compressed otherwise; QEMU boots them as they are.
    return kernel if kernel.startswith(b"\x7fELF") else content


def initramfs(folder):
    """The initramfs for the kernel in `folder`, named after what it is made of."""
    sources = [os.path.join(HERE, "init"), os.path.join(HERE, "session"), BUSYBOX]
    digest = hashlib.sha256(" ".join(BOOT_MODULES).encode())
    for source in sources:
        try:
            with open(source, "rb") as file:
                digest.update(file.read())
        except FileNotFoundError as error:
            raise ImageError(f"{source} is missing (scripts/install-deps installs busybox-static)"
                             ) from error
    path = os.path.join(folder, f"initramfs-{digest.hexdigest()[:16]}.cpio")
    if os.path.exists(path):
        return path
    for name in os.listdir(folder):
        if name.startswith("initramfs-"):
            os.unlink(os.path.join(folder, name))
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="new-") as work:
        tree = os.path.join(work, "tree")
        os.makedirs(os.path.join(tree, "bin"))
        shutil.copy(os.path.join(HERE, "init"), tree)
        shutil.copy(os.path.join(HERE, "session"), tree)
        os.chmod(os.path.join(tree, "init"), 0o755)
        shutil.copy(BUSYBOX, os.path.join(tree, "bin"))
        copy_modules(folder, tree)
        names = run(["find", ".", "-print0"], "list the initramfs", cwd=tree)
        archive = os.path.join(work, "cpio")
        with open(archive, "wb") as file, tempfile.TemporaryFile() as listing:
            listing.write(names)
            listing.seek(0)
            run(["cpio", "-o", "-0", "-H", "newc", "-R", "0:0", "--quiet"], "pack the initramfs",
                cwd=tree, stdin=listing, stdout=file)
        os.rename(archive, path)
    return path


def copy_modules(folder, tree):
    """BOOT_MODULES and what they depend on."""
    release = only(os.path.join(folder, "lib", "modules"))
    steps = run(["modprobe", "-d", folder, "-S", release, "--show-depends", "-a", *BOOT_MODULES],
                "find the modules to boot with").decode()
    for step in steps.splitlines():
        kind, _, path = step.partition(" ")
        if kind != "insmod":  # built in
            continue
        target = os.path.join(tree, os.path.relpath(path.strip(), folder))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(path.strip(), target)
    for name in ("modules.builtin", "modules.order"):
        shutil.copy(os.path.join(folder, "lib", "modules", release, name),
                    os.path.join(tree, "lib", "modules", release))
    run(["depmod", "-b", tree, release], "index the modules to boot with")
