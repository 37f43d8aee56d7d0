"""Formats of layers, as data: how many bytes travel for a byte of content, and what a node does before it can start.

A format says what an image's layers weigh on the wire, how fast one core decompresses them, how many cores one layer
keeps busy, how many bytes are written once more when they are unpacked, and what an instance's boot takes for a byte of
the root filesystem. Everything is for a byte of *content*: what a tar or a CPIO archive of the same files has. Formats
of layers of containers (`tar`, `gzip`, `zstd`) pack every layer; those of root filesystems of unikernels (`cpio`,
`erofs`, `erofs-lz4hc`) leave a kernel as it is, and are mounted or read at boot where they are: nothing is unpacked.

All figures are of one image or of one corpus each, and differ from image to image: a scenario may say its own, by
`[formats.NAME]`. Left out: how long it takes to look at a tar archive's headers (containerd issue 13559: under 2 s of
30 s), levels of compression other than those named, and memory.

Sources: containerd/containerd pull request 13560 (gzip by Go's library, NVIDIA Grace: pytorch's largest layer, 3.4 GiB
that become 7.0 GiB, in 41.7 s; by another library in 28.8 s; cuda's, 1.8 and 3.4 GiB, in 13.6 s); facebook/zstd,
README.md of 1.4.5 (lzbench, Silesia corpus, Core i9-9900K at 5.0 GHz, one core: zlib -1 2.743 times smaller, 90 MB/s
in, 400 MB/s out; zstd -1 2.884 times, 500 and 1,660 MB/s); inikep/lzbench, README.md (lz4hc -9 on a Core i5-4300U: 23
MB/s in); unikraft-cloud/docs, tutorials/rootfs-compression.mdx (one image: CPIO 916 MiB, boots in 1,152 ms; EROFS 924
MiB, 155 ms; EROFS with lz4hc 542 MiB, 122 ms).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Format:
    """One format, by byte of content.

    `wire` is bytes that travel, `rate_Bps` what one core decompresses (0: there is nothing to decompress), `cores` how
    many of them one layer uses at once, `written` bytes that unpacking writes, `boot_s` what a boot takes beyond what
    it takes whatever the format, `compress_Bps` what one core packs (0: packing takes no time). `packs` says whether
    kernels are packed, too.
    """

    wire: float = 1.0
    rate_Bps: float = 0.0
    cores: float = 1.0
    written: float = 0.0
    boot_s: float = 0.0
    compress_Bps: float = 0.0
    packs: Literal["all", "rootfs"] = "all"

    @property
    def unpacks(self) -> bool:
        """Whether a node has anything to do between the last byte and the boot."""
        return self.rate_Bps > 0 or self.written > 0


_CPIO_BYTES: Final = 916 * 2**20

#: The formats that ship, by name.
FORMATS: Final[Mapping[str, Format]] = {
    "tar": Format(written=1.0),
    "gzip": Format(wire=3.4 / 7.0, rate_Bps=180e6, written=1.0, compress_Bps=90e6),
    # Of zstd there is no measurement of layers: as much smaller than gzip as lzbench has it, and as fast.
    "zstd": Format(wire=3.4 / 7.0 * 2.743 / 2.884, rate_Bps=1.66e9, written=1.0, compress_Bps=500e6),
    "cpio": Format(boot_s=(1.152 - 0.122) / _CPIO_BYTES, packs="rootfs"),
    "erofs": Format(wire=924 / 916, boot_s=(0.155 - 0.122) / _CPIO_BYTES, packs="rootfs"),
    "erofs-lz4hc": Format(wire=542 / 916, compress_Bps=23e6, packs="rootfs"),
}
