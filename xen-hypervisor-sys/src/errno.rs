// SPDX-License-Identifier: Apache-2.0
//! `xen/errno.h`: error numbers. A hypercall returns them negated.

abi! {
    "xen/errno.h";

    constants {
        /// Not permitted.
        XEN_EPERM: isize = 1;
        /// No such thing.
        XEN_ENOENT: isize = 2;
        /// No such domain.
        XEN_ESRCH: isize = 3;
        /// Input or output failed.
        XEN_EIO: isize = 5;
        /// No such device or address.
        XEN_ENXIO: isize = 6;
        /// Too many arguments.
        XEN_E2BIG: isize = 7;
        /// Not executable.
        XEN_ENOEXEC: isize = 8;
        /// Bad file number.
        XEN_EBADF: isize = 9;
        /// No child.
        XEN_ECHILD: isize = 10;
        /// Try again.
        XEN_EAGAIN: isize = 11;
        /// The operation would block.
        XEN_EWOULDBLOCK: isize = 11;
        /// Out of memory.
        XEN_ENOMEM: isize = 12;
        /// Access denied.
        XEN_EACCES: isize = 13;
        /// Bad address.
        XEN_EFAULT: isize = 14;
        /// Busy.
        XEN_EBUSY: isize = 16;
        /// Exists already.
        XEN_EEXIST: isize = 17;
        /// Crosses devices.
        XEN_EXDEV: isize = 18;
        /// No such device.
        XEN_ENODEV: isize = 19;
        /// Not a directory.
        XEN_ENOTDIR: isize = 20;
        /// Is a directory.
        XEN_EISDIR: isize = 21;
        /// Invalid argument.
        XEN_EINVAL: isize = 22;
        /// Too many open files in the system.
        XEN_ENFILE: isize = 23;
        /// Too many open files.
        XEN_EMFILE: isize = 24;
        /// No space left.
        XEN_ENOSPC: isize = 28;
        /// Read only.
        XEN_EROFS: isize = 30;
        /// Too many links.
        XEN_EMLINK: isize = 31;
        /// Outside the domain of a function.
        XEN_EDOM: isize = 33;
        /// Result out of range.
        XEN_ERANGE: isize = 34;
        /// Would deadlock.
        XEN_EDEADLK: isize = 35;
        /// Would deadlock.
        XEN_EDEADLOCK: isize = 35;
        /// Name too long.
        XEN_ENAMETOOLONG: isize = 36;
        /// No locks left.
        XEN_ENOLCK: isize = 37;
        /// Not implemented.
        XEN_ENOSYS: isize = 38;
        /// Not empty.
        XEN_ENOTEMPTY: isize = 39;
        /// No data.
        XEN_ENODATA: isize = 61;
        /// Timer expired.
        XEN_ETIME: isize = 62;
        /// Bad message.
        XEN_EBADMSG: isize = 74;
        /// Value too large.
        XEN_EOVERFLOW: isize = 75;
        /// Illegal sequence of bytes.
        XEN_EILSEQ: isize = 84;
        /// Not a socket.
        XEN_ENOTSOCK: isize = 88;
        /// Message too long.
        XEN_EMSGSIZE: isize = 90;
        /// Operation not supported.
        XEN_EOPNOTSUPP: isize = 95;
        /// Address in use.
        XEN_EADDRINUSE: isize = 98;
        /// Address not available.
        XEN_EADDRNOTAVAIL: isize = 99;
        /// No buffers left.
        XEN_ENOBUFS: isize = 105;
        /// Connected already.
        XEN_EISCONN: isize = 106;
        /// Not connected.
        XEN_ENOTCONN: isize = 107;
        /// Timed out.
        XEN_ETIMEDOUT: isize = 110;
        /// Connection refused.
        XEN_ECONNREFUSED: isize = 111;
    }
}
