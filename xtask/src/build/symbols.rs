// SPDX-License-Identifier: Apache-2.0
//! The function symbols of a linked program, as the table that goes into its image.

use std::error::Error;

use image::symbols::SymbolTableBuilder;
use object::{File, Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};

/// Takes every named address in the program's code. The hypercall page is an object there and counts. Labels of assembly
/// have no type and count as well, except for the assembler's own (`.L…`) and the marks of the linker script
/// (`__text_start`).
pub fn table(linked: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let file = File::parse(linked)?;
    let mut table = SymbolTableBuilder::new();
    for symbol in file.symbols() {
        let name = symbol.name()?;
        let section = symbol.section_index().and_then(|index| file.section_by_index(index).ok());
        let Some(code) = section.filter(|section| section.kind() == SectionKind::Text) else {
            continue;
        };
        let is_function = match symbol.kind() {
            SymbolKind::Text | SymbolKind::Data => true,
            SymbolKind::Unknown | SymbolKind::Label => !name.starts_with('.') && !name.starts_with("__"),
            _ => false,
        };
        if is_function && !name.is_empty() {
            table.function(symbol.address(), symbol.size(), code.address() + code.size(), name);
        }
    }
    Ok(table.build()?)
}

#[cfg(test)]
mod tests {
    use image::symbols::SymbolTable;
    use object::{File, Object, ObjectSymbol};

    use super::table;

    /// The test program itself has symbols, and this function is one of them.
    #[test]
    fn functions_of_a_linked_program_are_found() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let bytes = table(&program).unwrap();
        let symbols = SymbolTable::parse(&bytes).unwrap();
        let file = File::parse(&*program).unwrap();
        let part = "functions_of_a_linked_program_are_found";
        let mut found = 0;
        for symbol in file.symbols().filter(|symbol| symbol.name().is_ok_and(|name| name.contains(part))) {
            let inside = symbols.lookup(symbol.address() + symbol.size() / 2).unwrap();
            assert!(inside.name.as_str().contains(part), "{}", inside.name);
            assert_eq!(inside.size, symbol.size());
            found += 1;
        }
        assert!(found > 0);
        assert!(table(b"no program").is_err());
    }
}
