// SPDX-License-Identifier: Apache-2.0
//! Xen's ELF notes by name: `xen/include/public/elfnote.h`.

use image::elf::Note;

/// How the description of a note is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A little-endian number of 4 or 8 bytes.
    Number,
    /// Text with a zero byte.
    Text,
    /// Bytes of a meaning of their own.
    Bytes,
}

/// The notes by type.
const NOTES: &[(u32, &str, Form)] = &[
    (0, "INFO", Form::Bytes),
    (1, "ENTRY", Form::Number),
    (2, "HYPERCALL_PAGE", Form::Number),
    (3, "VIRT_BASE", Form::Number),
    (4, "PADDR_OFFSET", Form::Number),
    (5, "XEN_VERSION", Form::Text),
    (6, "GUEST_OS", Form::Text),
    (7, "GUEST_VERSION", Form::Text),
    (8, "LOADER", Form::Text),
    (9, "PAE_MODE", Form::Text),
    (10, "FEATURES", Form::Text),
    (11, "BSD_SYMTAB", Form::Text),
    (12, "HV_START_LOW", Form::Number),
    (13, "L1_MFN_VALID", Form::Bytes),
    (14, "SUSPEND_CANCEL", Form::Number),
    (15, "INIT_P2M", Form::Number),
    (16, "MOD_START_PFN", Form::Number),
    (17, "SUPPORTED_FEATURES", Form::Number),
    (18, "PHYS32_ENTRY", Form::Number),
    (19, "PHYS32_RELOC", Form::Bytes),
];

/// A note with its name and its value in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XenNote {
    /// The name that the header gives it, or its number.
    pub name: String,
    /// What it says.
    pub value: String,
}

/// Picks out Xen's notes.
pub fn read(notes: &[Note<'_>]) -> Vec<XenNote> {
    notes.iter().filter(|note| note.name == b"Xen").map(xen_note).collect()
}

fn xen_note(note: &Note<'_>) -> XenNote {
    let known = NOTES.iter().find(|(kind, _, _)| *kind == note.kind);
    let name = known.map_or_else(|| note.kind.to_string(), |(_, name, _)| (*name).to_owned());
    let form = known.map_or(Form::Bytes, |(_, _, form)| *form);
    XenNote { name, value: value(form, note.description) }
}

fn value(form: Form, bytes: &[u8]) -> String {
    let number = match bytes.len() {
        4 => bytes.first_chunk().map(|bytes| u64::from(u32::from_le_bytes(*bytes))),
        8 => bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)),
        _ => None,
    };
    match (form, number) {
        (Form::Number, Some(number)) => format!("{number:#x}"),
        (Form::Text, _) => {
            let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
            String::from_utf8_lossy(text).escape_debug().to_string()
        }
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use image::elf::Note;

    use super::{XenNote, read};

    fn note<'a>(name: &'a [u8], kind: u32, description: &'a [u8]) -> Note<'a> {
        Note { name, kind, description, description_offset: 0 }
    }

    #[test]
    fn values_are_read_by_their_type() {
        let (long, short) = (0x10_0000u64.to_le_bytes(), 3u32.to_le_bytes());
        let notes = [
            note(b"Xen", 1, &long),
            note(b"Xen", 17, &short),
            note(b"Xen", 6, b"Voxoz\0\0\0"),
            note(b"Xen", 10, b"a\x1Bb"),
            note(b"Xen", 3, b"abc"),
            note(b"Xen", 77, &[1, 2]),
            note(b"GNU", 3, &[1]),
        ];
        let expected = [
            ("ENTRY", "0x100000"),
            ("SUPPORTED_FEATURES", "0x3"),
            ("GUEST_OS", "Voxoz"),
            ("FEATURES", "a\\u{1b}b"),
            ("VIRT_BASE", "61 62 63"),
            ("77", "01 02"),
        ];
        let expected = expected.map(|(name, value)| XenNote { name: name.into(), value: value.into() });
        assert_eq!(read(&notes), expected);
    }
}
