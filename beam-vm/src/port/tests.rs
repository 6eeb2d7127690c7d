// SPDX-License-Identifier: Apache-2.0
//! Tests of ports in a world whose streams are in memory.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::{Reach, State};
use crate::atom::predefined;
use crate::bif::{BifResult, Context, Raise, ports};
use crate::heap::{HeapLimits, build};
use crate::platform::{
    Command, Disposition, Errno, Event, Interest, Platform, Program, Signal, StreamError, StreamId, Streams,
    TerminalMode, Way,
};
use crate::print::Printed;
use crate::process::Process;
use crate::term::{LocalPid, LocalPort, Term};
use crate::vm::Vm;

/// What is outside: stream 0 is read, stream 1 is written.
#[derive(Default)]
struct Outside {
    input: Vec<u8>,
    has_ended: bool,
    output: Vec<u8>,
    /// How many bytes can be written now.
    room: usize,
    broken: bool,
    interest: [Interest; 2],
    closed: Vec<u32>,
    /// How often devices were let do what they could.
    attended: u32,
}

struct World(Rc<RefCell<Outside>>);

impl Platform for World {
    fn monotonic(&mut self) -> u64 {
        0
    }

    fn system_time(&mut self) -> i64 {
        0
    }

    fn entropy(&mut self, bytes: &mut [u8]) {
        bytes.fill(1);
    }

    fn write(&mut self, _: &[u8]) {}

    fn warn(&mut self, _: &str) {}

    fn attend(&mut self) {
        self.0.borrow_mut().attended += 1;
    }

    /// While the machine rests, somebody reads.
    fn park(&mut self, _: Option<u64>) {
        self.0.borrow_mut().room += 1000;
    }

    fn streams(&mut self) -> Option<&mut dyn Streams> {
        Some(self)
    }

    fn module(&mut self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

impl Streams for World {
    fn descriptor(&mut self, number: i32, _: Way) -> Result<StreamId, StreamError> {
        match number {
            0 | 1 => Ok(StreamId(number as u32)),
            _ => Err(StreamError::Posix(Errno::EBADF)),
        }
    }

    fn start(&mut self, _: &Command) -> Result<Program, StreamError> {
        Err(StreamError::Posix(Errno::ENOENT))
    }

    fn read(&mut self, _: StreamId, buffer: &mut [u8]) -> Result<usize, StreamError> {
        let mut outside = self.0.borrow_mut();
        if outside.input.is_empty() && !outside.has_ended {
            return Err(StreamError::NotNow);
        }
        let count = outside.input.len().min(buffer.len());
        buffer[..count].copy_from_slice(&outside.input[..count]);
        outside.input.drain(..count);
        Ok(count)
    }

    fn write(&mut self, _: StreamId, bytes: &[u8]) -> Result<usize, StreamError> {
        let mut outside = self.0.borrow_mut();
        if outside.broken {
            return Err(StreamError::Posix(Errno::EPIPE));
        }
        let count = bytes.len().min(outside.room);
        if count == 0 {
            return Err(StreamError::NotNow);
        }
        outside.room -= count;
        outside.output.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn watch(&mut self, stream: StreamId, interest: Interest) {
        self.0.borrow_mut().interest[stream.0 as usize] = interest;
    }

    fn window_size(&mut self, _: StreamId) -> Option<[u32; 2]> {
        Some([80, 24])
    }

    fn is_terminal(&mut self, _: StreamId) -> bool {
        false
    }

    fn set_terminal(&mut self, _: StreamId, _: TerminalMode) -> Result<(), StreamError> {
        Err(StreamError::Posix(Errno::ENOTTY))
    }

    fn handle(&mut self, _: Signal, _: Disposition) {}

    fn close(&mut self, stream: StreamId) {
        self.0.borrow_mut().closed.push(stream.0);
    }

    fn poll(&mut self, events: &mut Vec<Event>) {
        let outside = self.0.borrow();
        for (stream, interest) in (0..).zip(outside.interest) {
            let ready = Interest {
                read: interest.read && (!outside.input.is_empty() || outside.has_ended),
                write: interest.write && (outside.room > 0 || outside.broken),
            };
            if ready.is_any() {
                events.push(Event::Ready(StreamId(stream), ready));
            }
        }
    }
}

/// A machine, what is outside of it, and a process that calls BIFs.
struct Scene {
    vm: Vm,
    outside: Rc<RefCell<Outside>>,
    process: Option<Box<Process>>,
}

impl Scene {
    fn new() -> Self {
        let outside = Rc::new(RefCell::new(Outside { room: 1 << 20, ..Outside::default() }));
        let mut vm = Vm::new(Box::new(World(Rc::clone(&outside)))).expect("a machine");
        let process = vm.new_process(LocalPid(0), Term::NIL, HeapLimits::default(), &[]).expect("a process");
        Self { vm, outside, process: Some(process) }
    }

    fn call(&mut self, work: impl FnOnce(&mut Context<'_>) -> BifResult) -> BifResult {
        let process = self.process.as_mut().expect("the process runs");
        process.reductions_left = 4000;
        work(&mut Context { vm: &mut self.vm, process })
    }

    fn open(&mut self, options: &[Term]) -> LocalPort {
        let port = self.call(|cx| {
            let zero = Term::small_cut(0);
            let name = build::tuple(cx.heap(), &[Term::atom(predefined::FD), zero, Term::small_cut(1)]);
            let options = build::list(cx.heap(), options);
            ports::open::open_port(cx, &[name, options])
        });
        port.expect("an answer").as_port().expect("a port")
    }

    fn command(&mut self, port: LocalPort, bytes: &[u8]) -> BifResult {
        self.call(|cx| {
            let data = build::binary(cx.heap(), bytes);
            ports::port_command(cx, &[Term::port(port), data, Term::NIL])
        })
    }

    /// The process waits while something happens; gives the messages that it has then.
    fn happen(&mut self, work: impl FnOnce(&mut Vm)) -> Vec<String> {
        let process = self.process.take().expect("the process runs");
        let pid = process.pid;
        self.vm.processes.park(process);
        work(&mut self.vm);
        let process = self.vm.processes.take(pid).expect("the process is there");
        let messages = process.mailbox.terms();
        let texts =
            messages.map(|term| alloc::format!("{}", Printed::new(&self.vm.atoms, self.vm.node.name, term)));
        let texts = texts.collect();
        self.process = Some(process);
        texts
    }
}

fn flags(flags: &[crate::atom::Atom]) -> Vec<Term> {
    flags.iter().map(|flag| Term::atom(*flag)).collect()
}

#[test]
fn what_is_written_goes_out_in_order() {
    let mut scene = Scene::new();
    let port = scene.open(&flags(&[predefined::OUT]));
    assert_eq!(scene.command(port, b"one ").expect("no error"), Term::boolean(true));
    scene.outside.borrow_mut().room = 2;
    assert_eq!(scene.command(port, b"two ").expect("no error"), Term::boolean(true));
    assert_eq!(scene.command(port, b"three").expect("no error"), Term::boolean(true));
    assert_eq!(scene.outside.borrow().output, b"one tw");
    assert_eq!(scene.vm.ports.get(port).map(super::Port::backlog), Some(7));
    scene.happen(|vm| vm.rest(None));
    assert_eq!(scene.outside.borrow().output, b"one two three");
    assert!(!scene.outside.borrow().interest[1].write, "nothing is left to be written");
}

#[test]
fn who_writes_too_much_waits_until_it_is_out() {
    let mut scene = Scene::new();
    let port = scene.open(&flags(&[predefined::OUT]));
    scene.outside.borrow_mut().room = 0;
    assert!(scene.command(port, &[1; 9000]).is_ok());
    assert!(matches!(scene.command(port, b"more"), Err(Raise::Wait)));
    scene.happen(|vm| vm.rest(None));
    assert!(scene.command(port, b"more").is_ok(), "less than the limit is left");
    assert!(scene.vm.flush_ports(), "something is left");
    while scene.vm.flush_ports() {}
    let output = scene.outside.borrow().output.clone();
    assert_eq!((output.len(), &output[9000..]), (9004, &b"more"[..]));
}

#[test]
fn what_is_read_is_sent_to_the_owner() {
    let mut scene = Scene::new();
    scene.open(&flags(&[predefined::EOF, predefined::LINE]));
    scene.outside.borrow_mut().input = b"ab\ncd".to_vec();
    let read = scene.happen(|vm| vm.rest(None));
    assert_eq!(read, ["{#Port<0.1>,{data,{eol,\"ab\"}}}"]);
    scene.outside.borrow_mut().has_ended = true;
    let ended = scene.happen(|vm| vm.rest(None));
    assert_eq!(ended[1..], ["{#Port<0.1>,{data,{noeol,\"cd\"}}}", "{#Port<0.1>,eof}"]);
    assert!(!scene.outside.borrow().interest[0].read, "the end is told once");
}

#[test]
fn a_port_without_readers_ends_and_its_owner_too() {
    let mut scene = Scene::new();
    let port = scene.open(&flags(&[predefined::OUT]));
    scene.outside.borrow_mut().broken = true;
    assert!(matches!(scene.command(port, b"lost"), Err(Raise::Ended)));
    let reason = scene.process.as_ref().map(|process| process.exit_reason);
    assert_eq!(reason, Some(Term::atom(predefined::EPIPE)));
    assert!(scene.vm.ports.get(port).is_none());
    assert_eq!(scene.outside.borrow().closed, [1]);
}

#[test]
fn a_closed_port_writes_what_it_has() {
    let mut scene = Scene::new();
    let port = scene.open(&flags(&[predefined::OUT]));
    scene.outside.borrow_mut().room = 0;
    assert!(scene.command(port, b"last words").is_ok());
    let closed = scene.call(|cx| ports::port_close(cx, &[Term::port(port)]));
    assert_eq!(closed.expect("no error"), Term::boolean(true));
    assert_eq!(scene.vm.ports.get(port).map(|port| port.state), Some(State::Closing));
    scene.happen(|vm| vm.rest(None));
    assert_eq!(scene.outside.borrow().output, b"last words");
    assert!(scene.vm.ports.get(port).is_none());
}

#[test]
fn devices_go_on_where_no_port_waits_for_them() {
    let mut scene = Scene::new();
    [1, 1, 2].into_iter().for_each(|now| scene.vm.poll_ports(now));
    assert_eq!(scene.outside.borrow().attended, 2, "once in a millisecond");
    scene.open(&flags(&[predefined::IN]));
    scene.vm.poll_ports(3);
    assert_eq!(scene.outside.borrow().attended, 2, "asking for events does it");
}

#[test]
fn programs_that_are_not_there_are_refused() {
    let mut scene = Scene::new();
    let refused = scene.call(|cx| {
        let command = build::string(cx.heap(), "cat");
        let name = build::tuple(cx.heap(), &[Term::atom(predefined::SPAWN), command]);
        ports::open::open_port(cx, &[name, Term::NIL])
    });
    assert_eq!(refused.expect("an answer"), Term::atom(predefined::ENOENT));
}

#[test]
fn ports_are_reached_by_one_at_a_time() {
    let mut scene = Scene::new();
    let port = scene.open(&flags(&[predefined::OUT]));
    let inner = Reach::outside(&mut scene.vm).with(port, |_, reach| reach.with(port, |_, _| ()).is_some());
    assert_eq!(inner, Some(false));
    assert_eq!(scene.vm.ports.ids(), vec![port]);
}
