// SPDX-License-Identifier: Apache-2.0
//! `voxoz ps`: the machines that `voxoz run -d` has started.

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::machines::{self, Machine, State};
use crate::out;

/// List the machines that `voxoz run -d` has started
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Those that have ended as well
    #[arg(short, long)]
    all: bool,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

/// Carries out the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    let machines: Vec<(Machine, State)> = machines::all()?
        .into_iter()
        .map(|machine| {
            let state = machine.state();
            (machine, state)
        })
        .filter(|(_, state)| options.all || is_there(state))
        .collect();
    if options.json {
        let all: Vec<Value> = machines.iter().map(|(machine, state)| object(machine, state)).collect();
        out::line(format_args!("{}", Value::from(all)))?;
    } else {
        out::print(format_args!("{}", table(&machines)))?;
    }
    Ok(())
}

fn is_there(state: &State) -> bool {
    matches!(state, State::Starting | State::Running(_))
}

/// A state in words, for people.
fn words(state: &State) -> String {
    match state {
        State::Starting => "starting".into(),
        State::Running(started) => format!("up {}", age(machines::now().saturating_sub(started.at))),
        State::Ended(ended) => {
            format!("ended {} ago: {}", age(machines::now().saturating_sub(ended.at)), ended.how)
        }
        State::Lost => "lost".into(),
    }
}

/// A time in the unit that a person would choose.
fn age(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86400),
    }
}

fn ports(state: &State) -> &[String] {
    if let State::Running(started) = state { &started.ports } else { &[] }
}

fn table(machines: &[(Machine, State)]) -> String {
    let head = ["NAME", "PLACE", "MIB", "STATE", "PORTS"].map(str::to_owned);
    let rows = machines.iter().map(|(machine, state)| {
        let record = &machine.record;
        let ports = ports(state).join(", ");
        [record.name.clone(), record.place.name().into(), record.memory.to_string(), words(state), ports]
    });
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(rows).collect();
    let widths: [usize; 5] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; 5]| {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

fn object(machine: &Machine, state: &State) -> Value {
    let (name, since, how) = match state {
        State::Starting => ("starting", None, None),
        State::Running(started) => ("running", Some(started.at), None),
        State::Ended(ended) => ("ended", Some(ended.at), Some(&ended.how)),
        State::Lost => ("lost", None, None),
    };
    let record = &machine.record;
    json!({
        "name": record.name,
        "place": record.place.name(),
        "memory_mib": record.memory,
        "state": name,
        "since": since,
        "how": how,
        "ports": ports(state),
        "folder": machine.folder().display().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::{age, words};
    use crate::machines::{Ended, State, now};

    #[test]
    fn states_are_words() {
        assert_eq!(words(&State::Lost), "lost");
        let ended = Ended { at: now().saturating_sub(7260), how: "crash".into() };
        assert_eq!(words(&State::Ended(ended)), "ended 2 h ago: crash");
        assert_eq!(
            [age(0), age(119), age(120), age(86400), age(200_000)],
            ["0 s", "119 s", "2 min", "24 h", "2 d"]
        );
    }
}
