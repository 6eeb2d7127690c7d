// SPDX-License-Identifier: Apache-2.0
//! All modules of the OTP installation load: the verifier refuses nothing that compilers write.

use std::fs;

use hosted::{CodePath, OtpRoot, Settings, machine};

#[test]
fn all_modules_of_otp_load() {
    let Some(root) = OtpRoot::find() else { return };
    let mut vm = machine(CodePath::new(Vec::new(), None), Settings::default());
    let mut refused = Vec::new();
    let mut count = 0;
    let applications = fs::read_dir(root.libraries()).expect("the folder of applications");
    for application in applications.flatten() {
        for file in fs::read_dir(application.path().join("ebin")).into_iter().flatten().flatten() {
            if file.path().extension().is_some_and(|extension| extension == "beam") {
                let bytes = fs::read(file.path()).expect("a file");
                count += 1;
                if let Err(error) = vm.load(bytes) {
                    refused.push(format!("{}: {error}", file.path().display()));
                }
            }
        }
    }
    assert!(refused.is_empty(), "{} of {count} are refused:\n{}", refused.len(), refused.join("\n"));
}
