// SPDX-License-Identifier: Apache-2.0
//! The lab on itself: boots once and puts Debian's kernel through everything that a guest can do to it.
//!
//! It takes a few minutes and a QEMU, so it runs only when asked: `cargo test -p lab --test boot -- --ignored --nocapture`, and in
//! `cargo xtask test`, which names the cache of the other tests by `LAB_CACHE`.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use lab::linux::{self, Task};
use lab::{Action, Forward, Lab, LabError, Options, Reason, network};

const LIMIT: Duration = Duration::from_secs(240);
const SERVER: Forward = Forward::tcp(Ipv4Addr::new(10, 0, 2, 130), 7);

#[test]
#[ignore = "boots a machine in QEMU"]
fn the_lab_does_what_it_promises() -> Result<(), LabError> {
    let cache = std::env::var_os("LAB_CACHE").map_or_else(|| Options::default().cache, Into::into);
    let lab = Lab::boot(&Options { cache, forwards: vec![SERVER], ..Options::default() })?;
    scripts(&lab)?;
    ends(&lab)?;
    steering(&lab)?;
    console(&lab)?;
    network(&lab)?;
    refusals(&lab)
}

fn timed<T>(what: &str, f: impl FnOnce() -> Result<T, LabError>) -> Result<T, LabError> {
    let start = Instant::now();
    let result = f();
    eprintln!("{what}: {:.2} s", start.elapsed().as_secs_f64());
    result
}

fn scripts(lab: &Lab) -> Result<(), LabError> {
    let output = timed("script", || lab.dom0("echo done 1 0; echo err >&2; exit 7", LIMIT))?;
    assert_eq!(
        (output.status, &output.stdout[..], &output.stderr[..]),
        (7, &b"done 1 0\n"[..], &b"err\n"[..])
    );

    std::thread::scope(|scope| {
        let slow = scope.spawn(|| lab.dom0("sleep 2; echo slow", LIMIT));
        assert_eq!(lab.dom0("echo quick", LIMIT)?.stdout, b"quick\n");
        assert!(!slow.is_finished());
        assert_eq!(slow.join().expect("no panic")?.stdout, b"slow\n");
        Ok::<(), LabError>(())
    })?;

    let error = lab.dom0("sleep 100 & sleep 100", Duration::from_secs(1)).unwrap_err();
    assert!(matches!(error, LabError::TimedOut { .. }), "{error}");
    assert!(error.logs().is_some_and(|logs| logs.join("dmesg.log").exists()), "{error}");
    assert_eq!(lab.dom0("ps | grep -c '[s]leep 100'", LIMIT)?.stdout, b"0\n");
    Ok(())
}

fn ends(lab: &Lab) -> Result<(), LabError> {
    for (task, reason) in
        [(Task::Poweroff, Reason::Poweroff), (Task::Reboot, Reason::Reboot), (Task::Crash, Reason::Crash)]
    {
        let guest = timed("xl create of Debian's kernel", || lab.create(&linux::guest(lab, "ends", &task)))?;
        let line = guest.console().wait_line(linux::FIRST_LINE, LIMIT)?;
        assert!(linux::user_space_after(&line).is_some_and(|s| s > 0.0), "{line}");
        let end = guest.wait_end(LIMIT)?;
        eprintln!("{line}; {} after {:.2} s", end.reason, end.after.as_secs_f64());
        assert_eq!(end.reason, reason);
        assert!(lab.list()?.iter().all(|d| d.name != "ends"));
        let error = guest.console().wait_line("never written", LIMIT).unwrap_err();
        assert!(matches!(error, LabError::GuestEnded { .. }), "{error}");
    }
    let mut spec = linux::guest(lab, "crash", &Task::Crash);
    spec.on_crash = Action::Preserve;
    let guest = lab.create(&spec)?;
    assert_eq!(guest.wait_end(LIMIT)?.reason, Reason::Crash);
    let domain = lab.list()?.into_iter().find(|d| d.name == "crash").expect("preserved");
    assert_eq!((domain.domid, domain.memory_mib), (guest.domid(), 128));
    assert!(domain.state.contains('c'), "{}", domain.state);
    guest.destroy()
}

fn steering(lab: &Lab) -> Result<(), LabError> {
    let guest = lab.create(&linux::guest(lab, "steered", &Task::Idle))?;
    guest.console().wait_line(linux::FIRST_LINE, LIMIT)?;
    guest.pause()?;
    assert!(lab.list()?.iter().any(|d| d.name == "steered" && d.state.contains('p')));
    guest.unpause()?;
    assert!(guest.ended()?.is_none());
    guest.destroy()?;
    assert_eq!(guest.wait_end(LIMIT)?.reason, Reason::Destroyed);
    Ok(())
}

fn console(lab: &Lab) -> Result<(), LabError> {
    const SIZE: usize = 100_000;
    let guest = lab.create(&linux::guest(lab, "echo", &Task::Echo(SIZE)))?;
    let mut console = guest.console();
    console.wait_line("linux: echo", LIMIT)?;
    // Every byte value, in an order that shows losses, but for Ctrl-O: Linux takes that on its console for SysRq.
    let bytes: Vec<u8> =
        (0..SIZE).map(|i| (i * 7 + i / 256) as u8).map(|b| if b == 0x0f { 0 } else { b }).collect();
    timed("100 kB to the console", || guest.send(&bytes, LIMIT))?;
    let back = timed("100 kB from the console", || console.wait_bytes(SIZE, LIMIT))?;
    assert!(back == bytes, "the console changed or lost bytes");
    assert_eq!(guest.wait_end(LIMIT)?.reason, Reason::Poweroff);
    Ok(())
}

fn network(lab: &Lab) -> Result<(), LabError> {
    let mut spec = linux::guest(lab, "net", &Task::Net);
    spec.lines.push(format!("vif = [\"bridge={},mac={}\"]", network::BRIDGE, network::mac(SERVER.guest)?));
    let guest = timed("xl create with a vif", || lab.create(&spec))?;
    let line = guest.console().wait_line("linux: address", LIMIT)?;
    assert_eq!(line, format!("linux: address {}/{}", SERVER.guest, network::PREFIX));
    let address = lab.forwarded(SERVER).expect("asked for");
    let exchange = || -> std::io::Result<[u8; 5]> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.write_all(b"hello")?;
        let mut back = [0; 5];
        stream.read_exact(&mut back)?;
        Ok(back)
    };
    // QEMU accepts before the guest listens, and then closes.
    let deadline = Instant::now() + LIMIT;
    let back = loop {
        match exchange() {
            Err(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(200)),
            result => break result,
        }
    };
    assert_eq!(back.expect("an answer"), *b"hello");
    assert_eq!(guest.wait_end(LIMIT)?.reason, Reason::Poweroff);
    Ok(())
}

fn refusals(lab: &Lab) -> Result<(), LabError> {
    let mut spec = linux::guest(lab, "refused", &Task::Idle);
    spec.kernel = "/bin/sh".into();
    let Err(error) = lab.create(&spec) else { panic!("a shell is no kernel") };
    assert!(error.to_string().starts_with("xl create refused failed"), "{error}");
    spec.kernel = "/nonexistent".into();
    assert!(matches!(lab.create(&spec), Err(LabError::Io { .. })));
    Ok(())
}
