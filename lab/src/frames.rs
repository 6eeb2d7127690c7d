// SPDX-License-Identifier: Apache-2.0
//! The lines that host and agent exchange over the control port.
//!
//! ```text
//! host  → agent   run ID        start /lab/jobs/ID/script; its input is the file input, its output stdout and stderr beside it
//! host  → agent   kill ID       end that job and all that it started
//! agent → host    ready UPTIME  once: dom0 takes requests
//! agent → host    done ID STATUS
//! ```
//! Any number of jobs may be under way. Output never travels here, so it cannot be mistaken for an answer.

/// A request to the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Start a job.
    Run(u64),
    /// Kill a job.
    Kill(u64),
}

impl Request {
    /// Returns the line for this request.
    pub(crate) fn encode(self) -> String {
        match self {
            Self::Run(id) => format!("run {id}\n"),
            Self::Kill(id) => format!("kill {id}\n"),
        }
    }
}

/// What the agent said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// dom0 takes requests; its kernel's uptime in seconds, as text.
    Ready(String),
    /// A job ended with this status.
    Done {
        /// Which job.
        id: u64,
        /// The shell's exit status of its script.
        status: i32,
    },
    /// A line that is none of these.
    Unknown(String),
}

impl Reply {
    fn parse(line: &[u8]) -> Self {
        let text = String::from_utf8_lossy(line);
        let words: Vec<_> = text.split(' ').collect();
        match words[..] {
            ["ready", uptime] => Self::Ready(uptime.to_owned()),
            ["done", id, status] => match (id.parse(), status.parse()) {
                (Ok(id), Ok(status)) => Self::Done { id, status },
                _ => Self::Unknown(text.into_owned()),
            },
            _ => Self::Unknown(text.into_owned()),
        }
    }
}

/// Puts replies together from pieces of any size.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    partial: Vec<u8>,
}

impl Replies {
    /// Takes the next bytes of the port and returns the replies that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<Reply> {
        let mut replies = Vec::new();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|&b| b == b'\n') {
            self.partial.extend_from_slice(&rest[..end]);
            replies.push(Reply::parse(&self.partial));
            self.partial.clear();
            rest = &rest[end + 1..];
        }
        self.partial.extend_from_slice(rest);
        replies
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(reply: &Reply) -> String {
        match reply {
            Reply::Ready(uptime) => format!("ready {uptime}\n"),
            Reply::Done { id, status } => format!("done {id} {status}\n"),
            Reply::Unknown(line) => format!("{line}\n"),
        }
    }

    fn reply() -> impl Strategy<Value = Reply> {
        prop_oneof![
            "[0-9]{1,4}\\.[0-9]{2}".prop_map(Reply::Ready),
            (any::<u64>(), any::<i32>()).prop_map(|(id, status)| Reply::Done { id, status }),
            "[a-c ]{0,12}".prop_map(Reply::Unknown),
        ]
    }

    proptest! {
        #[test]
        fn replies_do_not_depend_on_how_the_bytes_arrive(
            replies in prop::collection::vec(reply(), 0..20),
            cuts in prop::collection::vec(1usize..40, 1..20),
        ) {
            let bytes: Vec<u8> = replies.iter().flat_map(|r| encode(r).into_bytes()).collect();
            let (mut parser, mut got, mut rest) = (Replies::default(), Vec::new(), &bytes[..]);
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, next) = rest.split_at((*cut).min(rest.len()));
                got.extend(parser.push(piece));
                rest = next;
            }
            prop_assert_eq!(got, replies);
        }

        #[test]
        fn any_bytes_make_one_reply_per_line(bytes: Vec<u8>) {
            let lines = bytes.iter().filter(|&&b| b == b'\n').count();
            prop_assert_eq!(Replies::default().push(&bytes).len(), lines);
        }
    }

    #[test]
    fn almost_right_lines_are_unknown() {
        let got =
            Replies::default().push(b"done 1\ndone x 0\ndone 1 0 \nready\ndone 18446744073709551616 0\n");
        assert!(got.iter().all(|r| matches!(r, Reply::Unknown(_))), "{got:?}");
        assert_eq!(Request::Run(7).encode(), "run 7\n");
        assert_eq!(Request::Kill(8).encode(), "kill 8\n");
    }
}
