// SPDX-License-Identifier: Apache-2.0
//! Debian packages that tasks need beside Rust. What the lab needs, it installs by itself.

use std::path::Path;

use lab::packages::Package;

use crate::context::Context;
use crate::failure::{During, Failure};

/// The hosted tests: the layout test compiles a C program against Xen's own headers, and the client of 9P has a server to speak with.
pub const HOSTED_TESTS: &[Package] = &[
    Package::program("diod", "diod"),
    Package::program("gcc", "gcc"),
    Package::file("libxen-dev", "/usr/include/xen/xen.h"),
];

/// Stock OTP, to compare with: the emulator, the compiler and the standard library.
pub const ERLANG: &[Package] = &[Package::program("erlang-base", "erlc")];

/// Erlang programs that are measured beside stock OTP: OTP, and the applications that some of them are.
pub const MEASURED_OTP: &[Package] = &[
    Package::program("erlang-base", "erlc"),
    installed("erlang-dialyzer", "/var/lib/dpkg/info/erlang-dialyzer.list"),
    installed("erlang-inets", "/var/lib/dpkg/info/erlang-inets.list"),
    installed("erlang-mnesia", "/var/lib/dpkg/info/erlang-mnesia.list"),
    installed("erlang-mochiweb", "/var/lib/dpkg/info/erlang-mochiweb.list"),
    installed("erlang-ssl", "/var/lib/dpkg/info/erlang-ssl.list"),
    Package::program("e2fsprogs", "mkfs.ext4"),
];

/// The check of machine code: `objdump`.
pub const BINUTILS: &[Package] = &[Package::program("binutils", "objdump")];

/// What is compared with stock: OTP with its compiler, the applications and the server of files that scripts run, and the viewer of crash dumps.
pub const STOCK_OTP: &[Package] = &[
    Package::program("diod", "diod"),
    Package::program("erlang-base", "erl"),
    Package::program("elixir", "mix"),
    installed("erlang-asn1", "/var/lib/dpkg/info/erlang-asn1.list"),
    installed("erlang-common-test", "/var/lib/dpkg/info/erlang-common-test.list"),
    installed("erlang-dev", "/var/lib/dpkg/info/erlang-dev.list"),
    installed("erlang-dialyzer", "/var/lib/dpkg/info/erlang-dialyzer.list"),
    installed("erlang-edoc", "/var/lib/dpkg/info/erlang-edoc.list"),
    installed("erlang-eunit", "/var/lib/dpkg/info/erlang-eunit.list"),
    installed("erlang-mnesia", "/var/lib/dpkg/info/erlang-mnesia.list"),
    installed("erlang-mochiweb", "/var/lib/dpkg/info/erlang-mochiweb.list"),
    installed("erlang-observer", "/var/lib/dpkg/info/erlang-observer.list"),
    installed("erlang-parsetools", "/var/lib/dpkg/info/erlang-parsetools.list"),
    installed("erlang-runtime-tools", "/var/lib/dpkg/info/erlang-runtime-tools.list"),
    installed("erlang-src", "/var/lib/dpkg/info/erlang-src.list"),
    installed("erlang-syntax-tools", "/var/lib/dpkg/info/erlang-syntax-tools.list"),
    installed("erlang-tools", "/var/lib/dpkg/info/erlang-tools.list"),
    installed("erlang-xmerl", "/var/lib/dpkg/info/erlang-xmerl.list"),
];

/// A page of yaws's documentation, which some of the system tests serve.
const YAWS_PAGES: &str = "/usr/share/doc/yaws-doc/examples/www/index.yaws";

/// What the system tests need beside the bench: what the examples are made of, and a browser to look at one.
pub const SYSTEM_TESTS: &[Package] = &[
    Package::program("diod", "diod"),
    Package::program("erlang-base", "erlc"),
    Package::program("chromium", "chromium"),
    Package::program("curl", "curl"),
    Package::program("elixir", "mix"),
    installed("erlang-inets", "/var/lib/dpkg/info/erlang-inets.list"),
    installed("erlang-mnesia", "/var/lib/dpkg/info/erlang-mnesia.list"),
    installed("erlang-mochiweb", "/var/lib/dpkg/info/erlang-mochiweb.list"),
    installed("erlang-runtime-tools", "/var/lib/dpkg/info/erlang-runtime-tools.list"),
    installed("erlang-ssl", "/var/lib/dpkg/info/erlang-ssl.list"),
    installed("erlang-yaws", "/var/lib/dpkg/info/erlang-yaws.list"),
    Package::file("qemu-system-xen", "/usr/libexec/xen-qemu-system-i386"),
    Package::program("tcpdump", "tcpdump"),
    Package::file("yaws-doc", YAWS_PAGES),
];

/// What the guestbook is compiled of and with. mochiweb's own list of applications has inets and ssl, its package has not.
const GUESTBOOK: &[Package] = &[
    Package::program("erlang-base", "erlc"),
    installed("erlang-inets", "/var/lib/dpkg/info/erlang-inets.list"),
    installed("erlang-mnesia", "/var/lib/dpkg/info/erlang-mnesia.list"),
    installed("erlang-mochiweb", "/var/lib/dpkg/info/erlang-mochiweb.list"),
    installed("erlang-ssl", "/var/lib/dpkg/info/erlang-ssl.list"),
];

/// What has a shell with dbg.
const SHELL: &[Package] = &[
    Package::program("erlang-base", "erlc"),
    installed("erlang-runtime-tools", "/var/lib/dpkg/info/erlang-runtime-tools.list"),
];

/// Elixir, which brings OTP.
const ELIXIR: &[Package] = &[Package::program("elixir", "mix")];

/// rebar3, which brings OTP.
const REBAR3: &[Package] = &[Package::program("rebar3", "rebar3")];

/// What an application is built of: an example, or any folder of sources.
pub fn of_example(name: &str, folder: &Path) -> &'static [Package] {
    match name {
        "guestbook" => GUESTBOOK,
        "shell" | "tracing" => SHELL,
        _ if folder.join("mix.exs").is_file() => ELIXIR,
        _ if folder.join("rebar.config").is_file() => REBAR3,
        _ => ERLANG,
    }
}

/// A package whose files are in folders named after versions; Debian's own list of them stands for them.
const fn installed(name: &'static str, list: &'static str) -> Package {
    Package::file(name, list)
}

/// The fuzz targets: libFuzzer is C++.
pub const FUZZ: &[Package] = &[Package::program("g++", "g++")];

/// Installs what is missing of `packages`, unless that is forbidden.
pub fn ensure(context: &Context, packages: &[Package]) -> Result<(), Failure> {
    lab::packages::ensure(packages, context.install()).during(|| "this machine lacks packages".into())
}
