// SPDX-License-Identifier: Apache-2.0
//! Names of the system's errors.

use rustix::io::Errno;

/// The name of an error as OTP writes it; `unknown` for those that streams and programs do not have.
pub fn name_of(error: Errno) -> &'static str {
    match error {
        Errno::ACCESS => "eacces",
        Errno::AGAIN => "eagain",
        Errno::BADF => "ebadf",
        Errno::CONNRESET => "econnreset",
        Errno::INVAL => "einval",
        Errno::IO => "eio",
        Errno::ISDIR => "eisdir",
        Errno::LOOP => "eloop",
        Errno::MFILE => "emfile",
        Errno::NAMETOOLONG => "enametoolong",
        Errno::NFILE => "enfile",
        Errno::NODEV => "enodev",
        Errno::NOENT => "enoent",
        Errno::NOEXEC => "enoexec",
        Errno::NOMEM => "enomem",
        Errno::NOSPC => "enospc",
        Errno::NOTDIR => "enotdir",
        Errno::NXIO => "enxio",
        Errno::PERM => "eperm",
        Errno::PIPE => "epipe",
        Errno::TXTBSY => "etxtbsy",
        Errno::TOOBIG => "e2big",
        _ => "unknown",
    }
}
