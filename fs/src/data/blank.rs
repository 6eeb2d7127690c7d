// SPDX-License-Identifier: Apache-2.0
//! What is on a disk that is no volume of ours: only one that is blank is made into one, and whoever has another is told what it seems to have.

/// What a disk has where.
const KNOWN: [(usize, &[u8], &str); 20] = [
    (0, b"XFSB", "an XFS file system"),
    (0, b"hsqs", "a squashfs file system"),
    (0, b"LUKS\xBA\xBE", "an encrypted volume (LUKS)"),
    (0, b"QFI\xFB", "a disk image of QEMU (qcow2): give the disk as what is in it, not the file"),
    (0, b"\x7FELF", "a program"),
    (3, b"NTFS    ", "an NTFS file system"),
    (3, b"EXFAT   ", "an exFAT file system"),
    (54, b"FAT", "a FAT file system"),
    (82, b"FAT32", "a FAT file system"),
    (512, b"EFI PART", "a partition table (GPT)"),
    (4096, b"EFI PART", "a partition table (GPT)"),
    (512, b"LABELONE", "a volume of LVM"),
    (1024, b"\x10\x20\xF5\xF2", "an F2FS file system"),
    (1080, b"\x53\xEF", "an ext2, ext3 or ext4 file system"),
    (4086, b"SWAPSPACE2", "swap space"),
    (4096, b"\xFC\x4E\x2B\xA9", "a part of a RAID"),
    (32769, b"CD001", "an image of a CD"),
    (65600, b"_BHRfS_M", "a btrfs file system"),
    (1030, b"\x34\x34", "a NILFS2 file system"),
    (510, b"\x55\xAA", "a partition table or a boot sector"),
];

/// What the bytes at the front of a disk say that it has; nothing if they say nothing.
pub fn found(front: &[u8]) -> Option<&'static str> {
    let known = KNOWN.iter().find(|(at, magic, _)| front.get(*at..at + magic.len()) == Some(*magic));
    let unknown = front.iter().any(|byte| *byte != 0).then_some("something that is not known here");
    known.map(|(_, _, name)| *name).or(unknown)
}
