// SPDX-License-Identifier: Apache-2.0
//! Where the file system of a server's tree and the network meet: bytes that are to go, bytes that have come, and how the connection stands.

use alloc::collections::VecDeque;
use alloc::rc::Rc;
use core::cell::RefCell;
use core::time::Duration;

use fs::ninep::{Lost, Transport};

use crate::fiber::{self, Pause};
use crate::time::Instant;

/// The most bytes of a message.
const MESSAGE: u32 = 128 << 10;

/// Bytes that may wait to be read: any message has room.
const ROOM: usize = 2 * MESSAGE as usize;

/// How long a server may take to be connected with, an address of one's own included, and how long to answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// How long a server that could not be reached is left alone: what asks for many files does not wait for each.
const LEFT_ALONE: Duration = Duration::from_secs(1);

/// How a connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Stage {
    /// There is none, and nobody wants one.
    #[default]
    Closed,
    /// A new one is wanted.
    Wanted,
    /// It is being made.
    Opening,
    /// Bytes go and come.
    Open,
}

#[derive(Default)]
struct Inner {
    stage: Stage,
    out: VecDeque<u8>,
    into: VecDeque<u8>,
    /// Why there is no connection any longer.
    why: Option<Lost>,
    /// Until when somebody waits.
    until: Option<Instant>,
    /// The most bytes of a message, where it is less than usual.
    limit: Option<u32>,
}

/// A line; clones are handles to the same one.
#[derive(Clone, Default)]
pub struct Line(Rc<RefCell<Inner>>);

impl Line {
    /// How the connection stands.
    pub fn stage(&self) -> Stage {
        self.0.borrow().stage
    }

    /// Says how the connection stands.
    pub fn turn(&self, stage: Stage) {
        self.0.borrow_mut().stage = stage;
    }

    /// Says how many bytes a message may have.
    pub fn set_limit(&self, limit: u32) {
        self.0.borrow_mut().limit = Some(limit);
    }

    /// Says that the connection is gone, or that there will be none, and why.
    pub fn close(&self, why: Lost) {
        let inner = &mut *self.0.borrow_mut();
        (inner.stage, inner.why) = (Stage::Closed, Some(why));
    }

    /// Until when somebody waits, if somebody does.
    pub fn until(&self) -> Option<Instant> {
        self.0.borrow().until
    }

    /// Gives what is to go to `send`, which tells how much of it has gone.
    ///
    /// # Errors
    /// Those of `send`.
    pub fn take_out<E>(&self, send: impl FnOnce(&[&[u8]]) -> Result<usize, E>) -> Result<usize, E> {
        let out = &mut self.0.borrow_mut().out;
        if out.is_empty() {
            return Ok(0);
        }
        let (first, second) = out.as_slices();
        let sent = send(&[first, second])?;
        out.drain(..sent);
        Ok(sent)
    }

    /// Whether more may come.
    pub fn has_room(&self) -> bool {
        self.0.borrow().into.len() < ROOM
    }

    /// Takes what has come.
    pub fn put_in(&self, bytes: &[u8]) {
        self.0.borrow_mut().into.extend(bytes);
    }
}

/// The file system's end of a line.
pub struct Stream {
    line: Line,
    /// When the server could not be reached, and why.
    failed: Option<(Instant, Lost)>,
    clock: fn() -> Instant,
}

impl Stream {
    /// An end that is not connected yet.
    pub const fn new(line: Line, clock: fn() -> Instant) -> Self {
        Self { line, failed: None, clock }
    }

    /// Waits until `look` finds something, or for so long. Nothing is found where nobody can wait.
    fn wait<T>(&self, limit: Duration, mut look: impl FnMut(&mut Inner) -> Option<T>) -> Option<T> {
        let until = (self.clock)() + limit;
        let found = loop {
            let found = look(&mut self.line.0.borrow_mut());
            if found.is_some() || (self.clock)() >= until {
                break found;
            }
            self.line.0.borrow_mut().until = Some(until);
            if !fiber::pause(Pause::Network) {
                break None;
            }
        };
        self.line.0.borrow_mut().until = None;
        found
    }
}

impl Transport for Stream {
    fn message_limit(&self) -> u32 {
        self.line.0.borrow().limit.map_or(MESSAGE, |limit| limit.min(MESSAGE))
    }

    fn send(&mut self, message: &[u8]) -> Result<(), Lost> {
        let inner = &mut *self.line.0.borrow_mut();
        // Questions follow each other, so that no more than one waits here.
        if inner.stage != Stage::Open {
            return Err(Lost::Gone);
        }
        inner.out.extend(message);
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8]) -> Result<usize, Lost> {
        let came = self.wait(ANSWER_LIMIT, |inner| {
            let count = into.len().min(inner.into.len());
            if count == 0 {
                return (inner.stage != Stage::Open).then_some(Err(inner.why.unwrap_or(Lost::Gone)));
            }
            for (byte, came) in into.iter_mut().zip(inner.into.drain(..count)) {
                *byte = came;
            }
            Some(Ok(count))
        });
        came.unwrap_or(Err(Lost::TimedOut))
    }

    fn reconnect(&mut self) -> Result<(), Lost> {
        if let Some((failed, lost)) = self.failed
            && (self.clock)() < failed + LEFT_ALONE
        {
            return Err(lost);
        }
        *self.line.0.borrow_mut() = Inner { stage: Stage::Wanted, ..Inner::default() };
        let opened = self.wait(CONNECT_LIMIT, |inner| match inner.stage {
            Stage::Wanted | Stage::Opening => None,
            Stage::Open => Some(Ok(())),
            Stage::Closed => Some(Err(inner.why.unwrap_or(Lost::Gone))),
        });
        let opened = opened.unwrap_or_else(|| {
            // Nobody is even called while there is no way.
            let was_called = self.line.stage() == Stage::Opening;
            Err(if was_called { Lost::TimedOut } else { Lost::Unreachable })
        });
        self.failed = opened.err().map(|lost| ((self.clock)(), lost));
        if let Err(lost) = opened {
            self.line.close(lost);
        }
        opened
    }
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;
    use std::vec::Vec;

    use super::*;
    use crate::fiber::tests::{ALONE, stack};
    use crate::fiber::{Fiber, Pace};

    #[test]
    fn both_ends_meet_while_one_pauses() {
        let _alone = ALONE.lock();
        let line = Line::default();
        let heard = Rc::new(RefCell::new(Vec::new()));
        let (mut stream, hears) = (Stream::new(line.clone(), || Instant(0)), Rc::clone(&heard));
        let work = move || {
            let mut bytes = [0; 8];
            let say = |text: &str, result| hears.borrow_mut().push((text.len(), result));
            say("connect", stream.reconnect().map(|()| 0));
            say("ask", stream.send(b"ask").map(|()| 0));
            say("answer", stream.receive(&mut bytes));
            say("rest", stream.receive(&mut bytes));
            say("end", stream.receive(&mut bytes));
            say("again", stream.reconnect().map(|()| 0));
        };
        // SAFETY: the stack is leaked for this.
        #[expect(unsafe_code, reason = "puts work on a stack")]
        let mut fiber = unsafe { Fiber::new(stack(), Box::new(work)) };
        assert_eq!(fiber.resume(Pace::ToTheEnd), Pause::Network, "nobody else can drive the network");
        assert_eq!(line.stage(), Stage::Wanted);
        assert!(line.until().is_some());
        line.turn(Stage::Open);
        assert_eq!(fiber.resume(Pace::ToTheEnd), Pause::Network);
        let mut gone = Vec::new();
        // A socket may have room for less than there is.
        let mut take_two = || {
            line.take_out(|pieces| {
                let all = pieces.concat();
                let count = all.len().min(2);
                gone.extend_from_slice(&all[..count]);
                Ok::<_, ()>(count)
            })
        };
        assert_eq!([take_two(), take_two(), take_two()], [Ok(2), Ok(1), Ok(0)]);
        assert_eq!(gone, b"ask");
        line.put_in(b"0123456789");
        line.close(Lost::Gone);
        assert_eq!(fiber.resume(Pace::ToTheEnd), Pause::Network, "a new connection is wanted");
        line.close(Lost::Refused);
        assert_eq!(fiber.resume(Pace::ToTheEnd), Pause::Idle);
        assert_eq!(
            *heard.borrow(),
            [(7, Ok(0)), (3, Ok(0)), (6, Ok(8)), (4, Ok(2)), (3, Err(Lost::Gone)), (5, Err(Lost::Refused))]
        );
    }

    #[test]
    fn who_cannot_pause_does_not_wait() {
        let _alone = ALONE.lock();
        let line = Line::default();
        let mut stream = Stream::new(line.clone(), || Instant(0));
        assert_eq!(stream.reconnect(), Err(Lost::Unreachable), "nobody has called it");
        assert_eq!((line.stage(), line.until()), (Stage::Closed, None));
        assert_eq!(
            stream.reconnect(),
            Err(Lost::Unreachable),
            "it is left alone for a while, for the same reason"
        );
        assert_eq!(stream.send(b"x"), Err(Lost::Gone));
    }
}
