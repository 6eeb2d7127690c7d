// SPDX-License-Identifier: Apache-2.0
//! Pids, ports, references and funs as texts and back, and what is shown on the console without `io`.

use alloc::string::String;
use alloc::vec::Vec;

use super::{BifResult, Context, Raise};
use crate::atom::predefined;
use crate::heap::build;
use crate::print::Printed;
use crate::term::{LocalPid, LocalPort, Term, View};

fn printed(cx: &Context<'_>, term: Term) -> Vec<u8> {
    Printed::new(&cx.vm.atoms, cx.vm.node.name, term).to_bytes()
}

fn list(cx: &mut Context<'_>, term: Term) -> BifResult {
    let text = printed(cx, term);
    Ok(build::byte_list(cx.heap(), &text))
}

/// `pid_to_list/1`
pub fn pid_to_list(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].view() {
        View::Pid(_) | View::ExternalPid(_) => list(cx, args[0]),
        _ => Err(Raise::BADARG),
    }
}

/// `port_to_list/1`
pub fn port_to_list(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].view() {
        View::Port(_) | View::ExternalPort(_) => list(cx, args[0]),
        _ => Err(Raise::BADARG),
    }
}

/// `ref_to_list/1`
pub fn ref_to_list(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].view() {
        View::Reference(_) | View::ExternalReference(_) => list(cx, args[0]),
        _ => Err(Raise::BADARG),
    }
}

/// `fun_to_list/1`
pub fn fun_to_list(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    match args[0].view() {
        View::Fun(_) | View::Export(_) => list(cx, args[0]),
        _ => Err(Raise::BADARG),
    }
}

/// The longest text of an identity.
const TEXT_LIMIT: usize = 128;

/// The bytes of a text between a beginning and `>`, at its dots.
fn fields(list: Term, prefix: &[u8]) -> Result<Vec<Vec<u8>>, Raise> {
    let mut bytes = Vec::new();
    let mut rest = list;
    while let Some(cell) = rest.as_cons() {
        let byte = cell.head().as_small().and_then(|byte| u8::try_from(byte).ok()).ok_or(Raise::BADARG)?;
        bytes.push(byte);
        if bytes.len() > TEXT_LIMIT {
            return Err(Raise::BADARG);
        }
        rest = cell.tail();
    }
    if !rest.is_nil() {
        return Err(Raise::BADARG);
    }
    let inner = bytes.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(b">")).ok_or(Raise::BADARG)?;
    let fields: Vec<Vec<u8>> = inner.split(|byte| *byte == b'.').map(<[u8]>::to_vec).collect();
    let is_number = |field: &Vec<u8>| !field.is_empty() && field.iter().all(u8::is_ascii_digit);
    if fields.iter().all(is_number) { Ok(fields) } else { Err(Raise::BADARG) }
}

fn digits(field: &[u8]) -> impl Iterator<Item = u64> + '_ {
    field.iter().map(|digit| u64::from(digit - b'0'))
}

fn number(field: &[u8]) -> Result<u32, Raise> {
    let value = digits(field).try_fold(0u64, |sum, digit| sum.checked_mul(10)?.checked_add(digit));
    value.and_then(|value| u32::try_from(value).ok()).ok_or(Raise::BADARG)
}

/// The first field is the number of a node; this one is 0, and no other has a number here.
fn is_local(field: &[u8]) -> bool {
    field.iter().all(|digit| *digit == b'0')
}

/// `list_to_pid/1`
pub fn list_to_pid(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    match fields(args[0], b"<")?.as_slice() {
        [node, pid, serial] if is_local(node) => {
            LocalPid::new(number(pid)?, number(serial)?).map(Term::pid).ok_or(Raise::BADARG)
        }
        _ => Err(Raise::BADARG),
    }
}

/// `list_to_port/1`; what does not fit into 64 bits is cut to them, as in stock.
pub fn list_to_port(_: &mut Context<'_>, args: &[Term]) -> BifResult {
    match fields(args[0], b"#Port<")?.as_slice() {
        [node, port] if is_local(node) => {
            let number = digits(port).fold(0u64, |sum, digit| sum.wrapping_mul(10).wrapping_add(digit));
            if number > LocalPort::NUMBER_MAX {
                return Err(Raise::BADARG);
            }
            Ok(Term::port(LocalPort(number)))
        }
        _ => Err(Raise::BADARG),
    }
}

/// The largest first number of a reference of this node.
const REFERENCE_LIMIT: u32 = (1 << 18) - 1;

/// `list_to_ref/1`
pub fn list_to_ref(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let fields = fields(args[0], b"#Ref<")?;
    let [node, numbers @ ..] = fields.as_slice() else { return Err(Raise::BADARG) };
    if !is_local(node) {
        return Err(Raise::BADARG);
    }
    let numbers = numbers.iter().map(|field| number(field)).collect::<Result<Vec<u32>, Raise>>()?;
    let (numbers, alias) = match *numbers.as_slice() {
        [third, second, first] => ([first, second, third], None),
        // What this machine writes for an alias: the process besides.
        [0, pid, third, second, first] if pid >> 28 == 0 => ([first, second, third], Some(LocalPid(pid))),
        _ => return Err(Raise::BADARG),
    };
    if numbers[0] > REFERENCE_LIMIT {
        return Err(Raise::BADARG);
    }
    Ok(build::reference(cx.heap(), numbers, alias))
}

/// `display/1`
pub fn display(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let mut text = printed(cx, args[0]);
    cx.bump((text.len() / 10) as u32);
    text.extend(b"\r\n");
    cx.vm.platform.write(&text);
    Ok(Term::boolean(true))
}

/// `display_nl/0`
pub fn display_nl(cx: &mut Context<'_>, _: &[Term]) -> BifResult {
    cx.vm.platform.write(b"\r\n");
    Ok(Term::boolean(true))
}

/// `display_string/1`
pub fn display_string(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    let text = characters(args[0])?;
    show(cx, text.as_bytes())
}

/// `display_string/2`, where all devices are the console.
pub fn display_string2(cx: &mut Context<'_>, args: &[Term]) -> BifResult {
    if !matches!(args[0].as_atom(), Some(predefined::STDIN | predefined::STDOUT | predefined::STDERR)) {
        return Err(Raise::BADARG);
    }
    match args[1].as_bits() {
        Some(bits) if bits.is_binary() => {
            let bytes: Vec<u8> = bits.bytes().collect();
            show(cx, &bytes)
        }
        _ => {
            let text = characters(args[1])?;
            show(cx, text.as_bytes())
        }
    }
}

fn characters(list: Term) -> Result<String, Raise> {
    let mut text = String::new();
    let mut rest = list;
    while let Some(cell) = rest.as_cons() {
        let code = cell.head().as_small().and_then(|code| u32::try_from(code).ok());
        text.push(code.and_then(char::from_u32).ok_or(Raise::BADARG)?);
        rest = cell.tail();
    }
    if rest.is_nil() { Ok(text) } else { Err(Raise::BADARG) }
}

fn show(cx: &mut Context<'_>, bytes: &[u8]) -> BifResult {
    cx.bump((bytes.len() / 10) as u32);
    cx.vm.platform.write(bytes);
    Ok(Term::boolean(true))
}
