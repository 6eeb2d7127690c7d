// SPDX-License-Identifier: Apache-2.0
//! How long a server that a command starts takes to its first answer. A request is tried every few milliseconds, each with a connection of
//! its own, since a segment that was sent before there was a network is sent again a second later only.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// How often a request is tried.
const PAUSE: Duration = Duration::from_millis(10);
/// How long a connection may take, of which many are under way.
const CONNECTING: Duration = Duration::from_secs(2);

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: guest\r\nConnection: close\r\n\r\n";
const GOOD: &[u8] = b"HTTP/1.1 200 ";

/// Runs a command and asks until there is an answer or `limit` is over.
///
/// # Errors
/// The command fails, or nobody answers.
pub fn run(address: SocketAddr, limit: Duration, command: &[&str]) -> Result<String, Box<dyn Error>> {
    let [program, arguments @ ..] = command else { return Err("no command is named".into()) };
    let began = Instant::now();
    let mut child = Command::new(program).args(arguments).stdout(Stdio::null()).spawn()?;
    let (answers, answered) = mpsc::channel();
    let is_connected = Arc::new(AtomicBool::new(false));
    let time = loop {
        // One is under way, and another would only take its time.
        if !is_connected.load(Ordering::Relaxed) {
            let (answers, is_connected) = (answers.clone(), Arc::clone(&is_connected));
            thread::Builder::new().stack_size(64 * 1024).spawn(move || {
                ask(address, limit, began, &is_connected, &answers);
            })?;
        }
        match answered.recv_timeout(PAUSE) {
            Ok(time) => break time,
            Err(RecvTimeoutError::Timeout) if began.elapsed() < limit => {}
            Err(_) => return Err(format!("no answer in {} s", limit.as_secs()).into()),
        }
    };
    let status = child.wait()?;
    if !status.success() {
        return Err(format!("{program} has ended with {status}").into());
    }
    Ok(format!("seconds {:.4}", time.as_secs_f64()))
}

/// Asks once; a failure is tried again by the next.
fn ask(
    address: SocketAddr,
    limit: Duration,
    began: Instant,
    is_connected: &AtomicBool,
    answers: &Sender<Duration>,
) {
    let Ok(mut stream) = TcpStream::connect_timeout(&address, CONNECTING) else { return };
    is_connected.store(true, Ordering::Relaxed);
    let mut answer = Vec::new();
    let is_answered = stream.set_read_timeout(Some(limit)).is_ok()
        && stream.write_all(REQUEST).is_ok()
        && stream.read_to_end(&mut answer).is_ok()
        && answer.starts_with(GOOD);
    let time = began.elapsed();
    if is_answered {
        // Whoever waited may have its answer already.
        let _ = answers.send(time);
    } else {
        is_connected.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn the_first_good_answer_counts() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            for answer in ["HTTP/1.1 503 Not yet\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nhello"] {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 256];
                assert!(stream.read(&mut request).unwrap() > 0);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        let line = run(address, Duration::from_secs(60), &["true"]).unwrap();
        assert!(line.starts_with("seconds 0."), "{line}");
        server.join().unwrap();
    }

    #[test]
    fn silence_has_an_end() {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = run(address, Duration::from_millis(50), &["true"]).unwrap_err().to_string();
        assert_eq!(error, "no answer in 0 s");
    }

    #[test]
    fn a_command_is_needed() {
        let address = "127.0.0.1:9".parse().unwrap();
        assert_eq!(run(address, Duration::ZERO, &[]).unwrap_err().to_string(), "no command is named");
    }
}
