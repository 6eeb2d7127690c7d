// SPDX-License-Identifier: Apache-2.0
//! The bench on itself: Debian's kernel goes through everything that a guest can do to it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use lab::linux::{self, Task};
use lab::{Action, Forward, Lab, LabError, Options, Reason, network};
use libtest_mimic::Failed;

use crate::storage::{Loop, ask};
use crate::trial::LIMIT;
use crate::world::World;

/// Where one of the guests serves.
const SERVER: Forward = Forward::tcp(Ipv4Addr::new(10, 0, 2, 130), 7);

/// On a machine of its own, as it is one of which something has failed.
pub fn does_what_it_promises(world: &World) -> Result<(), Failed> {
    let lab = &world.with(|usual| Options { forwards: vec![SERVER], ..usual })?;
    runs_scripts(lab)?;
    has_disks_made_side_by_side(lab)?;
    tells_how_guests_end(lab)?;
    steers_guests(lab)?;
    has_consoles_that_lose_nothing(lab)?;
    forwards_ports(lab)?;
    Ok(refuses_what_is_no_kernel(lab)?)
}

/// Scripts in dom0 run side by side, and end with what they have printed, or when their time is over.
fn runs_scripts(lab: &Lab) -> Result<(), LabError> {
    let output = lab.dom0("echo done 1 0; echo err >&2; exit 7", LIMIT)?;
    assert_eq!(
        (output.status, &output.stdout[..], &output.stderr[..]),
        (7, &b"done 1 0\n"[..], &b"err\n"[..])
    );

    thread::scope(|scope| {
        let slow = scope.spawn(|| lab.dom0("sleep 2; echo slow", LIMIT));
        assert_eq!(lab.dom0("echo quick", LIMIT)?.stdout, b"quick\n");
        assert!(!slow.is_finished());
        assert_eq!(slow.join().expect("no panic")?.stdout, b"slow\n");
        Ok::<_, LabError>(())
    })?;

    let error = lab.dom0("sleep 100 & sleep 100", Duration::from_secs(1)).unwrap_err();
    assert!(matches!(error, LabError::TimedOut { .. }), "{error}");
    assert!(error.logs().is_some_and(|logs| logs.join("dmesg.log").exists()), "{error}");
    assert_eq!(lab.dom0("ps | grep -c '[s]leep 100'", LIMIT)?.stdout, b"0\n");
    Ok(())
}

/// Disks that are made at the same time are different ones.
fn has_disks_made_side_by_side(lab: &Lab) -> Result<(), Failed> {
    thread::scope(|scope| {
        let makers: Vec<_> = ["a", "b", "c", "d"]
            .map(|name| {
                scope.spawn(move || Loop::new(lab, &format!("beside-{name}"), 1 << 20, name.as_bytes()))
            })
            .into();
        let disks: Vec<_> =
            makers.into_iter().map(|maker| maker.join().expect("no panic")).collect::<Result<_, _>>()?;
        let devices: Vec<_> = disks.iter().map(|disk| disk.device.as_str()).collect();
        let first_bytes = ask(lab, &format!("for disk in {}; do head -c 1 $disk; done", devices.join(" ")))?;
        assert_eq!(first_bytes, "abcd", "{devices:?}");
        Ok(())
    })
}

/// The ends of a guest are told apart, and what `on_crash` says is done.
fn tells_how_guests_end(lab: &Lab) -> Result<(), LabError> {
    for (task, reason) in
        [(Task::Poweroff, Reason::Poweroff), (Task::Reboot, Reason::Reboot), (Task::Crash, Reason::Crash)]
    {
        let guest = lab.create(&linux::guest(lab, "ends", &task))?;
        let line = guest.console().wait_line(linux::FIRST_LINE, LIMIT)?;
        assert!(linux::user_space_after(&line).is_some_and(|s| s > 0.0), "{line}");
        let end = guest.wait_end(LIMIT)?;
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

/// A guest stops and goes on.
fn steers_guests(lab: &Lab) -> Result<(), LabError> {
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

/// What a console is given comes back.
fn has_consoles_that_lose_nothing(lab: &Lab) -> Result<(), LabError> {
    const SIZE: usize = 100_000;
    let guest = lab.create(&linux::guest(lab, "echo", &Task::Echo(SIZE)))?;
    let mut console = guest.console();
    console.wait_line("linux: echo", LIMIT)?;
    // Every byte value, in an order that shows losses, but for Ctrl-O: Linux takes that on its console for SysRq.
    let bytes: Vec<u8> =
        (0..SIZE).map(|i| (i * 7 + i / 256) as u8).map(|b| if b == 0x0f { 0 } else { b }).collect();
    guest.send(&bytes, LIMIT)?;
    let back = console.wait_bytes(SIZE, LIMIT)?;
    assert!(back == bytes, "the console changed or lost bytes");
    assert_eq!(guest.wait_end(LIMIT)?.reason, Reason::Poweroff);
    Ok(())
}

/// A port of the host's loopback leads to a guest that has leased its address.
fn forwards_ports(lab: &Lab) -> Result<(), LabError> {
    let mut spec = linux::guest(lab, "net", &Task::Net);
    // With a name, so that Debian's hotplug script connects it and not the bench's.
    let mac = network::mac(SERVER.guest)?;
    spec.lines.push(format!("vif = [\"bridge={},mac={mac},vifname=named\"]", network::BRIDGE));
    let guest = lab.create(&spec)?;
    let line = guest.console().wait_line("linux: address", LIMIT)?;
    assert_eq!(line, format!("linux: address {}/{}", SERVER.guest, network::PREFIX));
    assert_eq!(lab.dom0("cat /sys/class/net/named/mtu", LIMIT)?.stdout, b"1500\n");
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
            Err(_) if Instant::now() < deadline => thread::sleep(Duration::from_millis(200)),
            result => break result,
        }
    };
    assert_eq!(back.expect("an answer"), *b"hello");
    assert_eq!(guest.wait_end(LIMIT)?.reason, Reason::Poweroff);
    Ok(())
}

/// What cannot be started is an error that says so.
fn refuses_what_is_no_kernel(lab: &Lab) -> Result<(), LabError> {
    let mut spec = linux::guest(lab, "refused", &Task::Idle);
    spec.kernel = "/bin/sh".into();
    let Err(error) = lab.create(&spec) else { panic!("a shell is no kernel") };
    assert!(error.to_string().starts_with("xl create refused failed"), "{error}");
    spec.kernel = "/nonexistent".into();
    assert!(matches!(lab.create(&spec), Err(LabError::Io { .. })));
    Ok(())
}
