// SPDX-License-Identifier: Apache-2.0
//! The system tests: each boots guests on real Xen, with a real dom0 and the real `xl`, and looks at what they say and how they end.
//!
//! They share one machine, booted when the first test needs it; tests that need another kind of machine come last. They run one
//! after the other, since a second emulated machine or guests beside a measured one would only disturb. `cargo xtask test --xen`
//! builds the guests and calls this. Arguments are parts of names, of which each selects the tests that contain it, and the options
//! of any Rust test program.
#![forbid(unsafe_code)]

mod arguments;
mod as_erl;
mod bench;
mod brought;
mod browser;
mod capture;
mod clock;
mod console;
mod crash;
mod crowd;
mod detached;
mod durations;
mod early;
mod entropy;
mod examples;
mod fixtures;
mod frames;
mod guestbook;
mod host;
mod memory;
mod names;
mod network;
mod node;
mod otp;
mod packed;
mod power;
mod release;
mod scripts;
mod services;
mod shares;
mod soak;
mod storage;
mod transfers;
mod trial;
mod world;
mod xenbus;
mod xenstore;
mod yaws;

use std::process::ExitCode;
use std::sync::Arc;

use lab::packages::Install;
use libtest_mimic::{Arguments, Conclusion, Failed};

use self::capture::captured;
use self::durations::Durations;
use self::early::Run;
use self::world::World;

/// The flag that is not libtest's.
const NO_INSTALL: &str = "--no-install";

/// How the names of tests begin of which what went over the network is kept when they fail.
const CAPTURED: [&str; 2] = ["network_", "services_"];

/// A test: it fails by an error.
type Test = fn(&World) -> Result<(), Failed>;

/// All tests in the order in which they run.
const TESTS: &[(&str, Test)] = &[
    ("boots_with_8_mib", memory::boots_with_8_mib),
    ("boots_with_64_mib", memory::boots_with_64_mib),
    ("boots_with_1_gib", memory::boots_with_1_gib),
    ("memory_intrinsics_are_right", memory::intrinsics),
    ("grants_stay_while_they_are_held", memory::grants),
    ("powers_off_when_xl_says_so", power::poweroff),
    ("reboots_when_xl_says_so", power::reboot),
    ("halts_when_xenstore_says_so", power::halt),
    ("refuses_to_suspend_and_lives_on", power::suspend),
    ("takes_arguments_from_image_and_command_line", arguments::both_sources),
    ("refuses_arguments_that_cannot_be_split", arguments::open_quote),
    ("refuses_a_damaged_image", arguments::damaged_image),
    ("reports_a_panic", crash::panic),
    ("reports_a_panic_in_its_report", crash::panic_in_report),
    ("reports_a_null_read", crash::null_read),
    ("reports_a_write_to_text", crash::write_to_text),
    ("reports_a_write_to_constants", crash::write_to_constants),
    ("reports_a_jump_into_data", crash::jump_into_data),
    ("reports_a_jump_into_the_heap", crash::jump_into_heap),
    ("crashes_when_the_stack_overflows", crash::stack_overflow),
    ("obeys_on_crash_preserve", crash::preserve),
    ("otp_says_hello", otp::says_hello),
    ("otp_says_hello_in_32_mib", otp::says_hello_in_32_mib),
    ("otp_tells_its_status", otp::tells_its_status),
    ("otp_restarts_children_and_stops_cleanly", otp::restarts_children_and_stops_cleanly),
    ("otp_stops_cleanly_for_a_reboot", otp::stops_cleanly_for_a_reboot),
    ("otp_ends_a_node_that_does_not_stop", otp::ends_a_node_that_does_not_stop),
    ("otp_dumps_at_a_slogan", otp::dumps_at_a_slogan),
    ("otp_crashes_at_an_abort", otp::crashes_at_an_abort),
    ("otp_reports_that_memory_is_out", otp::reports_that_memory_is_out),
    ("otp_reports_what_is_too_large", otp::reports_what_is_too_large),
    ("otp_reads_no_damaged_file", otp::reads_no_damaged_file),
    ("otp_refuses_flags_that_nobody_knows", otp::refuses_flags_that_nobody_knows),
    ("otp_has_a_shell", otp::has_a_shell),
    ("network_serves_at_a_leased_address", network::serves_at_a_leased_address),
    ("network_serves_at_a_given_address", network::serves_at_a_given_address),
    ("network_serves_on_two_vifs", network::serves_on_two_vifs),
    ("network_serves_ipv6", network::serves_ipv6),
    ("network_frames_go_to_a_process", frames::go_to_a_process),
    ("network_holds_ten_thousand_connections", network::holds_ten_thousand_connections),
    ("network_outlives_its_back_end", network::outlives_its_back_end),
    ("network_transfers_are_whole", transfers::are_whole),
    ("network_transfers_outlive_their_clients", transfers::outlive_their_clients),
    ("network_transfers_outlive_their_back_end", transfers::outlive_their_back_end),
    ("services_are_stock", services::are_stock),
    ("services_find_names", names::are_found),
    ("services_outlive_a_flood", services::outlive_a_flood),
    ("services_outlive_slow_requests", services::outlive_slow_requests),
    ("services_are_yaws", yaws::serves_its_pages),
    ("storage_reads_and_writes_blkback", storage::reads_and_writes_blkback),
    ("storage_outlives_its_back_end", storage::outlives_its_back_end),
    ("data_lasts", storage::data_lasts),
    ("data_can_be_full", storage::data_can_be_full),
    ("data_is_not_put_over_something", storage::data_is_not_put_over_something),
    ("otp_dumps_to_the_console_when_no_disk_takes_it", otp::falls_back_to_the_console),
    ("echoes_a_megabyte", console::echo),
    ("soak_loses_nothing", soak::loses_nothing),
    ("shares_mount_a_server", shares::mounts_a_server),
    ("shares_mount_a_device", shares::mounts_a_device),
    ("services_keep_their_lease", services::keep_their_lease),
    ("otp_does_fixtures_as_stock", fixtures::are_as_on_stock),
    ("examples_serve", examples::serve),
    ("otp_does_scripts_as_stock", scripts::are_as_on_stock),
    ("host_runs_guests_by_xl", host::runs_guests_by_xl),
    ("release_of_500_modules_boots", release::of_500_modules_boots),
    ("otp_takes_no_time_when_idle", otp::takes_no_time_when_idle),
    ("otp_runs_many_at_once", otp::runs_many_at_once),
    ("timers_come_in_order", clock::timers),
    ("idle_takes_no_processor_time", clock::idle),
    ("serves_ten_thousand_xenstore_operations", xenstore::ten_thousand),
    ("follows_a_back_end_that_goes_and_returns", xenbus::goes_and_returns),
    ("draws_different_random_bytes", entropy::with_hardware),
    ("runs_many_guests_at_once", crowd::of_small_guests),
    ("bench_does_what_it_promises", bench::does_what_it_promises),
    ("data_outlives_cuts", storage::data_outlives_cuts),
    ("data_has_the_crash_dump", otp::leaves_its_dump_on_a_disk),
    ("guestbooks_outlive_a_cut", guestbook::outlive_a_cut),
    ("examples_run_detached", detached::runs),
    ("is_unpredictable_without_hardware_entropy", entropy::without_hardware),
    ("otp_fills_4_gib", memory::otp_fills_4_gib),
    ("boots_with_8_gib", memory::boots_with_8_gib),
];

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    if let [flag, socket, words @ ..] = words.as_slice()
        && flag == as_erl::FLAG
    {
        return as_erl::ask(&socket.to_string_lossy(), words).unwrap_or_else(|why| {
            eprintln!("no guest could be asked for: {why}");
            ExitCode::FAILURE
        });
    }
    let mut install = Install::Allowed;
    let mut filters = Vec::new();
    let mut options = Vec::new();
    for argument in std::env::args() {
        match argument.as_str() {
            NO_INSTALL => install = Install::Forbidden,
            // The first is the program's own name.
            _ if options.is_empty() || argument.starts_with('-') => options.push(argument),
            _ => filters.push(argument),
        }
    }
    let mut arguments = Arguments::from_iter(options);
    arguments.test_threads = Some(1);
    let wanted =
        |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()));
    let world = Arc::new(World::new(install));
    let durations = Arc::new(Durations::default());
    let runs: Vec<Run> = TESTS
        .iter()
        .filter(|(name, _)| wanted(name))
        .map(|&(name, test)| {
            let (world, durations) = (world.clone(), durations.clone());
            let is_captured = CAPTURED.iter().any(|part| name.starts_with(part));
            let run = move || if is_captured { captured(&world, name, test) } else { test(&world) };
            (name, Arc::new(move || durations.of(name, &run)) as _)
        })
        .collect();
    if !arguments.list {
        early::prepare(&runs);
    }
    let conclusion: Conclusion = libtest_mimic::run(&arguments, early::trials(&runs));
    world.stop();
    durations.tell();
    conclusion.exit_code()
}
