// SPDX-License-Identifier: Apache-2.0
//! The layout test: every size, alignment, offset, number and text of the crate against Xen's C headers.
//!
//! The crate's tables become a C program that prints what the headers say, one line for each claim. `CC` chooses
//! the compiler (`cc`) and `XEN_INCLUDE_DIR` the directory that contains `xen/xen.h` (`/usr/include`), so that
//! the same test serves for the headers of any version of Xen.

mod claim;
mod headers;
mod self_check;

use xen_hypervisor_sys::layout::HEADERS;

#[test]
fn everything_agrees_with_the_headers() {
    let claims = claim::claims(HEADERS);
    assert!(claims.len() > 1000, "only {} claims: the tables are not complete", claims.len());
    let differences = headers::differences("all", &claims).unwrap_or_else(|error| panic!("{error}"));
    assert!(
        differences.is_empty(),
        "{} of {} claims differ from the headers:\n{}",
        differences.len(),
        claims.len(),
        differences.join("\n"),
    );
}
