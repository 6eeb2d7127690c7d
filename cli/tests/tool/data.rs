// SPDX-License-Identifier: Apache-2.0
//! `/data` of a process, which is a file of the host.

use crate::release::has_otp;
use crate::{Scratch, voxoz};

#[test]
fn a_file_that_is_refused_as_a_port_keeps_what_it_has() {
    if !has_otp() {
        return;
    }
    let scratch = Scratch::new("refused-port");
    let disk = scratch.file("disk", &vec![0; 16 << 20]);
    let program = r#"ok = file:write_file("/data/file", "kept"),
        {'EXIT', {einval, _}} = (catch open_port("/data/file", [out])),
        {ok, <<"kept">>} = file:read_file("/data/file"),
        io:format("refused~n"), halt()."#;
    let outcome = voxoz(&["erl", "-data", &disk, "-noshell", "-eval", program]);
    assert_eq!((outcome.code, outcome.out.as_str()), (Some(0), "refused\n"), "{}", outcome.err);
}
