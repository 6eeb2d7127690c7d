// SPDX-License-Identifier: Apache-2.0
//! Why something outside of the machine has failed: the errors of POSIX. The numbers are Linux's, which 9P2000.L and most of what speaks to the
//! machine use too, so that a number from outside needs no table of its own; the names are those that programs see (`erl_posix_str.c`).

/// An error of POSIX.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Errno(u16);

macro_rules! errors {
    ($($number:literal $name:ident $text:literal;)*) => {
        impl Errno {
            $(
                #[doc = concat!("`", $text, "`")]
                pub const $name: Self = Self($number);
            )*

            /// Its name, as programs see it.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self.0 {
                    $($number => $text,)*
                    _ => "unknown",
                }
            }

            /// The error of a name.
            #[must_use]
            pub fn named(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self($number)),)*
                    _ => None,
                }
            }
        }
    };
}

errors! {
    1 EPERM "eperm";
    2 ENOENT "enoent";
    3 ESRCH "esrch";
    4 EINTR "eintr";
    5 EIO "eio";
    6 ENXIO "enxio";
    7 E2BIG "e2big";
    8 ENOEXEC "enoexec";
    9 EBADF "ebadf";
    10 ECHILD "echild";
    11 EAGAIN "eagain";
    12 ENOMEM "enomem";
    13 EACCES "eacces";
    14 EFAULT "efault";
    15 ENOTBLK "enotblk";
    16 EBUSY "ebusy";
    17 EEXIST "eexist";
    18 EXDEV "exdev";
    19 ENODEV "enodev";
    20 ENOTDIR "enotdir";
    21 EISDIR "eisdir";
    22 EINVAL "einval";
    23 ENFILE "enfile";
    24 EMFILE "emfile";
    25 ENOTTY "enotty";
    26 ETXTBSY "etxtbsy";
    27 EFBIG "efbig";
    28 ENOSPC "enospc";
    29 ESPIPE "espipe";
    30 EROFS "erofs";
    31 EMLINK "emlink";
    32 EPIPE "epipe";
    33 EDOM "edom";
    34 ERANGE "erange";
    35 EDEADLK "edeadlk";
    36 ENAMETOOLONG "enametoolong";
    37 ENOLCK "enolck";
    38 ENOSYS "enosys";
    39 ENOTEMPTY "enotempty";
    40 ELOOP "eloop";
    42 ENOMSG "enomsg";
    43 EIDRM "eidrm";
    44 ECHRNG "echrng";
    45 EL2NSYNC "el2nsync";
    46 EL3HLT "el3hlt";
    47 EL3RST "el3rst";
    48 ELNRNG "elnrng";
    49 EUNATCH "eunatch";
    50 ENOCSI "enocsi";
    51 EL2HLT "el2hlt";
    52 EBADE "ebade";
    53 EBADR "ebadr";
    54 EXFULL "exfull";
    55 ENOANO "enoano";
    56 EBADRQC "ebadrqc";
    57 EBADSLT "ebadslt";
    59 EBFONT "ebfont";
    60 ENOSTR "enostr";
    61 ENODATA "enodata";
    62 ETIME "etime";
    63 ENOSR "enosr";
    64 ENONET "enonet";
    65 ENOPKG "enopkg";
    66 EREMOTE "eremote";
    67 ENOLINK "enolink";
    68 EADV "eadv";
    69 ESRMNT "esrmnt";
    70 ECOMM "ecomm";
    71 EPROTO "eproto";
    72 EMULTIHOP "emultihop";
    73 EDOTDOT "edotdot";
    74 EBADMSG "ebadmsg";
    75 EOVERFLOW "eoverflow";
    76 ENOTUNIQ "enotuniq";
    77 EBADFD "ebadfd";
    78 EREMCHG "eremchg";
    79 ELIBACC "elibacc";
    80 ELIBBAD "elibbad";
    81 ELIBSCN "elibscn";
    82 ELIBMAX "elibmax";
    83 ELIBEXEC "elibexec";
    84 EILSEQ "eilseq";
    85 ERESTART "erestart";
    86 ESTRPIPE "estrpipe";
    87 EUSERS "eusers";
    88 ENOTSOCK "enotsock";
    89 EDESTADDRREQ "edestaddrreq";
    90 EMSGSIZE "emsgsize";
    91 EPROTOTYPE "eprototype";
    92 ENOPROTOOPT "enoprotoopt";
    93 EPROTONOSUPPORT "eprotonosupport";
    94 ESOCKTNOSUPPORT "esocktnosupport";
    95 ENOTSUP "enotsup";
    96 EPFNOSUPPORT "epfnosupport";
    97 EAFNOSUPPORT "eafnosupport";
    98 EADDRINUSE "eaddrinuse";
    99 EADDRNOTAVAIL "eaddrnotavail";
    100 ENETDOWN "enetdown";
    101 ENETUNREACH "enetunreach";
    102 ENETRESET "enetreset";
    103 ECONNABORTED "econnaborted";
    104 ECONNRESET "econnreset";
    105 ENOBUFS "enobufs";
    106 EISCONN "eisconn";
    107 ENOTCONN "enotconn";
    108 ESHUTDOWN "eshutdown";
    109 ETOOMANYREFS "etoomanyrefs";
    110 ETIMEDOUT "etimedout";
    111 ECONNREFUSED "econnrefused";
    112 EHOSTDOWN "ehostdown";
    113 EHOSTUNREACH "ehostunreach";
    114 EALREADY "ealready";
    115 EINPROGRESS "einprogress";
    116 ESTALE "estale";
    117 EUCLEAN "euclean";
    118 ENOTNAM "enotnam";
    119 ENAVAIL "enavail";
    120 EISNAM "eisnam";
    121 EREMOTEIO "eremoteio";
    122 EDQUOT "edquot";
    123 ENOMEDIUM "enomedium";
    124 EMEDIUMTYPE "emediumtype";
    125 ECANCELED "ecanceled";
    126 ENOKEY "enokey";
    127 EKEYEXPIRED "ekeyexpired";
    128 EKEYREVOKED "ekeyrevoked";
    129 EKEYREJECTED "ekeyrejected";
    130 EOWNERDEAD "eownerdead";
    131 ENOTRECOVERABLE "enotrecoverable";
    132 ERFKILL "erfkill";
}

impl Errno {
    /// The error of a number of Linux.
    #[must_use]
    pub const fn from_raw(number: u16) -> Self {
        Self(number)
    }

    /// Its number on Linux.
    #[must_use]
    pub const fn raw(self) -> u16 {
        self.0
    }
}

impl core::fmt::Display for Errno {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.text())
    }
}

impl core::fmt::Debug for Errno {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for Errno {}

#[cfg(test)]
mod tests {
    use super::Errno;

    #[test]
    fn numbers_and_names_are_linux_s() {
        assert_eq!(Errno::from_raw(2), Errno::ENOENT);
        assert_eq!(Errno::ENOENT.text(), "enoent");
        assert_eq!(Errno::named("eloop"), Some(Errno::ELOOP));
        assert_eq!((Errno::named("enothing"), Errno::from_raw(9999).text()), (None, "unknown"));
    }
}
