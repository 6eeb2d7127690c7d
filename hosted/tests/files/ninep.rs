// SPDX-License-Identifier: Apache-2.0
//! A folder that Debian's `diod` serves: what is there is what the host has there, and a server that goes and returns. What is done to files of
//! such a folder is compared with stock's in a script of `tests/fixtures/scripts`.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fs::{At, Errno, Modes, Namespace};
use hosted::{HostFiles, Share, mount_shares};

use crate::world::host;

const LIMIT: Duration = Duration::from_secs(240);

/// The server, which goes with this.
struct Server(Child);

impl Server {
    fn start(folder: &Path, port: u16) -> Self {
        let listen = format!("127.0.0.1:{port}");
        let mut diod = Command::new("/usr/sbin/diod");
        diod.args(["-f", "-n", "-c", "/dev/null", "-L", "stderr", "-l", &listen, "-e"]).arg(folder);
        let diod = diod.stdin(Stdio::null()).stderr(Stdio::null()).spawn();
        let server = Self(diod.expect("the package diod is installed"));
        let end = Instant::now() + LIMIT;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < end, "the server does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody uses.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("it has an address").port()
}

#[test]
fn a_server_may_go_and_return() {
    let (world, _folder) = host("ninep");
    let folder = String::from_utf8(world.prefix).expect("a path in UTF-8");
    let host_file = Path::new(&folder).join("file");
    std::fs::write(&host_file, "from the host").expect("a file");
    let port = free_port();
    let server = Server::start(Path::new(&folder), port);
    let mut files = Namespace::new(Box::new(HostFiles::default()));
    let share = Share { host: "localhost".into(), port, tree: folder, place: "/none/share".into() };
    let missing = Share { tree: "/none".into(), place: "/none/missing".into(), ..share.clone() };
    mount_shares(&mut files, &[share, missing]).expect("there is room for both");
    assert_eq!(files.list(b"/none/share"), Ok(vec![b"file".to_vec()]));
    assert_eq!(files.list(b"/none/missing"), Err(Errno::EIO), "the server has no such tree");
    let modes = Modes { read: true, write: true, ..Modes::default() };
    let open = files.open(b"/none/share/file", modes).expect("it is there");
    let mut bytes = [0; 8];
    assert_eq!(files.read(open, At::Offset(5), &mut bytes), Ok(8));
    assert_eq!(&bytes, b"the host");
    assert_eq!(files.write(open, At::Offset(0), &[b"by", b" a wire"]), Ok(9));
    assert_eq!(std::fs::read(&host_file).expect("a file"), b"by a wirehost");

    let folder = host_file.parent().expect("it is in one").to_owned();
    drop(server);
    assert_eq!(files.read(open, At::Offset(5), &mut bytes), Err(Errno::EIO));
    assert_eq!(files.list(b"/none/share"), Err(Errno::EIO));
    assert_eq!(files.open(b"/none/share/file", modes), Err(Errno::EIO));

    let _server = Server::start(&folder, port);
    let end = Instant::now() + LIMIT;
    let again = loop {
        match files.open(b"/none/share/file", modes) {
            Ok(again) => break again,
            Err(errno) => assert_eq!(errno, Errno::EIO),
        }
        assert!(Instant::now() < end, "it does not come back");
        thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(
        files.read(open, At::Offset(5), &mut bytes),
        Err(Errno::EIO),
        "it was open on another connection"
    );
    assert_eq!(files.close(open), Ok(()));
    assert_eq!(files.read(again, At::Offset(5), &mut bytes), Ok(8));
    assert_eq!(&bytes, b"wirehost");
}
