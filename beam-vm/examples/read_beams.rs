// SPDX-License-Identifier: Apache-2.0
//! Reads every `.beam` file below some directories, and says what is in them.
//!
//! `cargo run --release -p beam-vm --example read_beams -- [--counts | --tables | --text] DIRECTORY…`
//!
//! Without an option it prints totals. `--counts` adds how often each opcode occurs. `--tables` prints an Erlang term for each file,
//! for `file:consult/1` and a comparison with what `beam_lib` finds in it: path, atoms, imports, exports, locals, lambdas,
//! literals, lines, opcodes. `--text` prints the instructions. The status is 1 if a file cannot be read.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

use beam_vm::beam_file::{AtomIndex, Export, GenericOp, Module, disassemble};

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Totals,
    Counts,
    Tables,
    Text,
}

struct Survey {
    form: Form,
    files: usize,
    failures: usize,
    bytes: usize,
    instructions: u64,
    by_opcode: [u64; GenericOp::MAX as usize + 1],
    time: Duration,
}

fn main() -> io::Result<ExitCode> {
    let mut survey = Survey {
        form: Form::Totals,
        files: 0,
        failures: 0,
        bytes: 0,
        instructions: 0,
        by_opcode: [0; GenericOp::MAX as usize + 1],
        time: Duration::ZERO,
    };
    let mut out = io::stdout().lock();
    for argument in env::args_os().skip(1) {
        match argument.to_str() {
            Some("--counts") => survey.form = Form::Counts,
            Some("--tables") => survey.form = Form::Tables,
            Some("--text") => survey.form = Form::Text,
            _ => survey.directory(&PathBuf::from(argument), &mut out)?,
        }
    }
    survey.finish(&mut out)?;
    Ok(if survey.failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Survey {
    fn directory(&mut self, directory: &Path, out: &mut impl Write) -> io::Result<()> {
        let mut entries = fs::read_dir(directory)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                self.directory(&path, out)?;
            } else if path.extension().is_some_and(|extension| extension == "beam") {
                self.file(&path, out)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, out: &mut impl Write) -> io::Result<()> {
        let bytes = fs::read(path)?;
        self.files += 1;
        self.bytes += bytes.len();
        let start = Instant::now();
        let module = Module::read(bytes);
        self.time += start.elapsed();
        let module = match module {
            Ok(module) => module,
            Err(error) => {
                self.failures += 1;
                return writeln!(out, "%% {}: {error}", path.display());
            }
        };
        let mut code = module.code();
        let mut opcodes = String::new();
        while let Ok(Some(instruction)) = code.next() {
            self.instructions += 1;
            self.by_opcode[usize::from(instruction.op.number())] += 1;
            if self.form == Form::Tables {
                let comma = if opcodes.is_empty() { "" } else { "," };
                let _ = write!(opcodes, "{comma}{}", instruction.op.number());
            }
        }
        match self.form {
            Form::Tables => write_tables(path, &module, &opcodes, out),
            Form::Text => writeln!(out, "{}", disassemble(&module)),
            Form::Totals | Form::Counts => Ok(()),
        }
    }

    fn finish(&self, out: &mut impl Write) -> io::Result<()> {
        if self.form == Form::Counts {
            for op in GenericOp::all() {
                writeln!(
                    out,
                    "{},{op},{},{}",
                    op.number(),
                    op.arity(),
                    self.by_opcode[usize::from(op.number())]
                )?;
            }
        }
        let Self { files, failures, bytes, instructions, time, .. } = self;
        writeln!(
            out,
            "%% {files} files, {failures} not readable, {bytes} bytes, {instructions} instructions, {time:?}"
        )
    }
}

fn write_tables(path: &Path, module: &Module, opcodes: &str, out: &mut impl Write) -> io::Result<()> {
    let list = |items: &mut dyn Iterator<Item = String>| items.collect::<Vec<_>>().join(",");
    let atom = |index: AtomIndex| index.get();
    let export = |row: &Export| format!("{{{},{},{}}}", atom(row.function), row.arity, row.label.get());
    let atoms = list(
        &mut module
            .atoms()
            .iter()
            .map(|text| format!("{:?}", text.chars().map(u32::from).collect::<Vec<_>>())),
    );
    let imports = list(
        &mut module
            .imports()
            .iter()
            .map(|row| format!("{{{},{},{}}}", atom(row.module), atom(row.function), row.arity)),
    );
    let exports = list(&mut module.exports().iter().map(export));
    let locals = list(&mut module.locals().iter().map(export));
    let lambdas = list(&mut module.lambdas().iter().map(|row| {
        let (index, free, unique) = (row.index, row.free_variables, row.old_unique);
        format!("{{{},{},{},{index},{free},{unique}}}", atom(row.function), row.arity, row.label.get())
    }));
    let literals = list(&mut module.literals().iter().map(|term| format!("{:?}", term)));
    let lines = module.lines().count();
    let mut checksummed = Vec::new();
    module.feed_checksum(|bytes| checksummed.extend_from_slice(bytes));
    writeln!(
        out,
        "{{{:?},[{atoms}],[{imports}],[{exports}],[{locals}],[{lambdas}],[{literals}],{lines},[{opcodes}],{checksummed:?}}}.",
        path.display().to_string()
    )
}
