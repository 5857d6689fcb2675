//! Reader of feeders in MATPOWER case format, version 2: the matrices, and the statements that convert their units.
//!
//! R. D. Zimmerman and others, MATPOWER User's Manual, appendix B: meaning of the columns. A case is a program, and
//! most published feeders use that: values in ohms and kW are converted to per unit and MW by statements at the end of
//! the file. `program` executes such statements; this file builds a feeder from the result.
//!
//! Features that LinDistFlow cannot represent are reported as errors: transformers off their nominal ratio, a second
//! source, voltage-controlled generators. Branches out of service and isolated buses (type 4) are omitted. Half of the
//! charging of a line is assigned to each of its ends.

mod program;

use super::feeder::{Branch, Bus, Fault, Feeder, Place};
use gridfleet_core::error::InputError;
use program::{Matrix, Program};

/// Columns of the matrices, counted from 0.
mod column {
    pub const NUMBER: usize = 0;
    pub const TYPE: usize = 1;
    pub const PD: usize = 2;
    pub const QD: usize = 3;
    pub const GS: usize = 4;
    pub const BS: usize = 5;
    pub const FROM: usize = 0;
    pub const TO: usize = 1;
    pub const R: usize = 2;
    pub const X: usize = 3;
    pub const B: usize = 4;
    pub const RATE: usize = 5;
    pub const RATIO: usize = 8;
    pub const ANGLE: usize = 9;
    pub const STATUS: usize = 10;
    pub const GENERATOR_BUS: usize = 0;
    pub const PG: usize = 1;
    pub const QG: usize = 2;
    pub const VG: usize = 5;
    pub const GENERATOR_STATUS: usize = 7;
}

/// Bus types.
const HOLDS_VOLTAGE: f64 = 2.0;
const REFERENCE: f64 = 3.0;
const ISOLATED: f64 = 4.0;

/// Formats a bus number as in the file: `18`.
fn name(number: f64) -> String {
    format!("{number}")
}

/// Builds a feeder from the text of a case.
///
/// # Errors
/// All problems found, each with its line.
pub fn read(text: &str) -> Result<Feeder, Vec<InputError>> {
    let program = program::run(text)?;
    let mut problems = Vec::new();
    for (matrix, columns) in [("bus", 6), ("branch", 5)] {
        match program.matrix(matrix) {
            None => problems.push(
                InputError::new("nothing", "a matrix in brackets: mpc.NAME = [ ... ];")
                    .key(format!("mpc.{matrix}")),
            ),
            Some(matrix) => problems.extend(matrix.narrow(columns)),
        }
    }
    let Some(base_mva) = program.base_mva else {
        problems.push(InputError::new("nothing", "the base of per unit in MVA").key("mpc.baseMVA"));
        return Err(problems);
    };
    let (Some(buses), Some(branches), true) =
        (program.matrix("bus"), program.matrix("branch"), problems.is_empty())
    else {
        return Err(problems);
    };
    Case { program: &program, base_mva, buses, branches, kept: Vec::new(), served: Vec::new(), problems }
        .feeder()
}

/// A case being converted to a feeder.
struct Case<'a> {
    program: &'a Program,
    base_mva: f64,
    buses: &'a Matrix,
    branches: &'a Matrix,
    /// Rows of the buses that are part of the feeder.
    kept: Vec<usize>,
    /// Rows of the branches in service.
    served: Vec<usize>,
    problems: Vec<InputError>,
}

impl Case<'_> {
    fn feeder(mut self) -> Result<Feeder, Vec<InputError>> {
        let mut buses = self.buses();
        let mut branches = self.branches(&mut buses);
        let source = self.source();
        let voltage = self.generators(source, &mut buses);
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        // Ratings are in MVA; 0 means no limit.
        for branch in &mut branches {
            if branch.limit_mva == 0.0 {
                branch.limit_mva = f64::INFINITY;
            }
        }
        Feeder::new(self.base_mva, source, voltage, buses, branches)
            .map_err(|faults| faults.into_iter().map(|fault| self.to_input_error(fault)).collect())
    }

    fn buses(&mut self) -> Vec<Bus> {
        let mut buses: Vec<Bus> = Vec::new();
        for row in 0..self.buses.rows.len() {
            let get = |column| self.buses.get(row, column);
            if get(column::TYPE) == ISOLATED {
                continue;
            }
            let bus = Bus {
                name: name(get(column::NUMBER)),
                load_mw: get(column::PD),
                load_mvar: get(column::QD),
                shunt_mw: get(column::GS),
                shunt_mvar: get(column::BS),
            };
            if buses.iter().any(|other| other.name == bus.name) {
                let found = format!("bus {} a second time", bus.name);
                self.problems.push(self.buses.problem(row, found, "one row for each bus"));
                continue;
            }
            self.kept.push(row);
            buses.push(bus);
        }
        buses
    }

    /// Index of the bus with this number; otherwise records a problem in `row` of `matrix`.
    fn place(&mut self, matrix: &Matrix, row: usize, number: f64) -> Option<usize> {
        let place = self.kept.iter().position(|&bus| self.buses.get(bus, column::NUMBER) == number);
        if place.is_none() {
            let found = format!("bus {}", name(number));
            self.problems.push(matrix.problem(row, found, "a bus of mpc.bus"));
        }
        place
    }

    fn branches(&mut self, buses: &mut [Bus]) -> Vec<Branch> {
        let mut branches = Vec::new();
        let matrix = self.branches;
        for row in 0..matrix.rows.len() {
            let or = |column, otherwise| matrix.rows[row].1.get(column).copied().unwrap_or(otherwise);
            if or(column::STATUS, 1.0) == 0.0 {
                continue;
            }
            let (ratio, angle) = (or(column::RATIO, 0.0), or(column::ANGLE, 0.0));
            if (ratio != 0.0 && ratio != 1.0) || angle != 0.0 {
                let found = format!("a transformer of ratio {ratio} and angle {angle}");
                self.problems.push(matrix.problem(
                    row,
                    found,
                    "ratio 0 or 1 and angle 0: LinDistFlow has no others",
                ));
            }
            let from = self.place(matrix, row, matrix.get(row, column::FROM));
            let to = self.place(matrix, row, matrix.get(row, column::TO));
            let (Some(from), Some(to)) = (from, to) else { continue };
            // In per unit at nominal voltage, and therefore multiplied by the base in Mvar.
            let charging = 0.5 * matrix.get(row, column::B) * self.base_mva;
            buses[from].shunt_mvar += charging;
            buses[to].shunt_mvar += charging;
            self.served.push(row);
            let (r, x) = (matrix.get(row, column::R), matrix.get(row, column::X));
            branches.push(Branch { from, to, r, x, limit_mva: or(column::RATE, 0.0) });
        }
        branches
    }

    fn source(&mut self) -> usize {
        let is_source = |&place: &usize| self.buses.get(self.kept[place], column::TYPE) == REFERENCE;
        let sources: Vec<usize> = (0..self.kept.len()).filter(is_source).collect();
        match sources[..] {
            [source] => return source,
            [] => self.problems.push(
                InputError::new("no bus of type 3", "one: the source of the feeder")
                    .key("mpc.bus")
                    .line(self.buses.line),
            ),
            [first, second, ..] => {
                let number = name(self.buses.get(self.kept[first], column::NUMBER));
                let found = format!("a second bus of type 3, after bus {number}");
                self.problems.push(self.buses.problem(self.kept[second], found, "one source"));
            }
        }
        0
    }

    /// Subtracts the output of generators from the loads; returns the voltage of the source.
    fn generators(&mut self, source: usize, buses: &mut [Bus]) -> f64 {
        let mut voltage = 1.0;
        let Some(matrix) = self.program.matrix("gen") else { return voltage };
        let narrow = matrix.narrow(6);
        if !narrow.is_empty() {
            self.problems.extend(narrow);
            return voltage;
        }
        for row in 0..matrix.rows.len() {
            if matrix.rows[row].1.get(column::GENERATOR_STATUS).is_some_and(|status| *status <= 0.0) {
                continue;
            }
            let Some(bus) = self.place(matrix, row, matrix.get(row, column::GENERATOR_BUS)) else { continue };
            if bus == source {
                voltage = matrix.get(row, column::VG);
            } else if self.buses.get(self.kept[bus], column::TYPE) == HOLDS_VOLTAGE {
                let found = format!("a generator that holds the voltage of bus {}", buses[bus].name);
                let expected = "generators of given power only, at buses of type 1, but for the source";
                self.problems.push(matrix.problem(row, found, expected));
            } else {
                buses[bus].load_mw -= matrix.get(row, column::PG);
                buses[bus].load_mvar -= matrix.get(row, column::QG);
            }
        }
        voltage
    }

    /// Converts a fault of the feeder to an error with its line.
    fn to_input_error(&self, fault: Fault) -> InputError {
        let Fault { place, key, found, expected } = fault;
        match place {
            Place::Feeder => InputError::new(found, expected).key(match key {
                "base_mva" => "mpc.baseMVA",
                "source_voltage" => "mpc.gen",
                _ => "mpc",
            }),
            Place::Bus(bus) => self.buses.keyed(self.kept[bus], key, found, expected),
            Place::Branch(branch) => self.branches.keyed(self.served[branch], key, found, expected),
        }
    }
}

impl Matrix {
    /// Creates an error for a row.
    fn problem(&self, row: usize, found: impl Into<String>, expected: impl Into<String>) -> InputError {
        self.keyed(row, "", found, expected)
    }

    /// Creates an error for a value of a row, or for the whole row if `key` is empty.
    fn keyed(
        &self,
        row: usize,
        key: &str,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> InputError {
        let dot = if key.is_empty() { "" } else { "." };
        InputError::new(found, expected).line(self.rows[row].0).key(format!("mpc.{}{dot}{key}", self.name))
    }

    /// Errors for rows with fewer values than `columns`.
    fn narrow(&self, columns: usize) -> Vec<InputError> {
        let short = |row: &usize| self.rows[*row].1.len() < columns;
        let problem = |row: usize| {
            let found = format!("a row of {}", self.rows[row].1.len());
            self.problem(row, found, format!("{columns} figures at least"))
        };
        (0..self.rows.len()).filter(short).map(problem).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "function mpc = small\n\
        mpc.version = '2'; % of two buses and a spare one\n\
        mpc.baseMVA = 20/2;\n\
        mpc.bus = [\n\
        1 3 0 0 0 0 1 1 0 10 1 1.1 0.9;\n\
        2 1 500 100 0 0.2 1 1 0 10 1 1.1 0.9 % 500 kW\n\
        7 4 0 0 0 0 1 1 0 10 1 1.1 0.9; ];\n\
        mpc.gen = [1, 0, 0, 10, -10, 1.02, 10, 1; 2 100 0 0 0 1 10 1];\n\
        mpc.branch = [ 2 1 1.0 2.0 0.01 4 0 0 0 0 1; 1 7 1 1 0 0 0 0 0 0 0];\n\
        Zbase = (mpc.bus(1, BASE_KV) * 1e3)^2 / ...\n   (mpc.baseMVA * 1e6);\n\
        mpc.branch(:, [BR_R BR_X]) = mpc.branch(:, [BR_R BR_X]) / Zbase;\n\
        mpc.bus(:, [PD, QD]) = mpc.bus(:, [PD, QD]) / 1e3;\n\
        mpc.gen(:, PG) = mpc.gen(:, PG) / 1e3;\n";

    #[test]
    fn statements_bring_figures_to_their_units() {
        let feeder = read(SMALL).unwrap();
        assert_eq!((feeder.base_mva(), feeder.source(), feeder.source_voltage()), (10.0, 0, 1.02));
        let bus = &feeder.buses()[1];
        assert!((bus.load_mw - 0.4).abs() < 1e-12 && (bus.load_mvar - 0.1).abs() < 1e-12, "{bus:?}");
        assert!((bus.shunt_mvar - 0.25).abs() < 1e-12, "{bus:?}");
        // 10 kV and 10 MVA correspond to 10 ohms.
        let branch = &feeder.branches()[0];
        assert!((branch.r - 0.1).abs() < 1e-12 && (branch.x - 0.2).abs() < 1e-12, "{branch:?}");
        assert_eq!((branch.limit_mva, feeder.buses().len()), (4.0, 2));
    }

    #[test]
    fn errors_are_reported_with_their_line() {
        let message = |from: &str, to: &str| {
            assert!(SMALL.contains(from));
            let problems = read(&SMALL.replace(from, to)).unwrap_err();
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        let line = |from: &str, to: &str| {
            let problems = read(&SMALL.replace(from, to)).unwrap_err();
            (problems[0].line, message(from, to))
        };
        let (at, text) = line("1 7 1 1 0 0 0 0 0 0 0", "1 2 1 1 0 0 0 0 0 0 1");
        assert_eq!(at, Some(9));
        assert!(text.contains("branch 1-2, which closes a loop"), "{text}");
        assert!(
            message("2 1 1.0 2.0 0.01 4 0 0 0 0 1", "2 1 1.0 2.0 0.01 4 0 0 0 0 0")
                .contains("bus 2, to which no branch")
        );
        assert!(message("4 0 0 0 0 1;", "4 0 0 1.05 0 1;").contains("ratio 1.05"));
        assert!(message("2 1 500", "2 3 500").contains("a second bus of type 3, after bus 1"));
        assert!(message("2 1 500", "2 2 500").contains("holds the voltage of bus 2"));
        assert!(message("2 1 500", "1 1 500").contains("bus 1 a second time"));
        assert!(message("[ 2 1 1.0", "[ 9 1 1.0").contains("mpc.branch: found bus 9"));
        assert!(message("2 1 1.0", "2 1 -1.0").contains("mpc.branch.r: found -0.1"));
        assert!(message("2 1 500 100 0 0.2 1 1 0 10 1 1.1 0.9 ", "2 1 500 100").contains("a row of 4"));
        assert!(message("mpc.baseMVA = 20/2;", "").contains("baseMVA"));
    }
}
