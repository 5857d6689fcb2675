//! Interpreter for the few statements used in MATPOWER cases: matrices, scalars, and columns multiplied by scalars.

use gridfleet_core::error::InputError;
use std::collections::BTreeMap;

/// Maximum size of a case in bytes. Assumed: the largest published feeders have a hundredth of it.
const MOST_BYTES: usize = 50_000_000;
/// Maximum nesting of brackets in a formula.
const DEEPEST: usize = 50;

/// Numbers of the columns named by MATPOWER (`idx_bus`, `idx_brch`, `idx_gen`).
const NAMED: [(&str, f64); 21] = [
    ("BUS_I", 1.0),
    ("BUS_TYPE", 2.0),
    ("PD", 3.0),
    ("QD", 4.0),
    ("GS", 5.0),
    ("BS", 6.0),
    ("BASE_KV", 10.0),
    ("F_BUS", 1.0),
    ("T_BUS", 2.0),
    ("BR_R", 3.0),
    ("BR_X", 4.0),
    ("BR_B", 5.0),
    ("RATE_A", 6.0),
    ("RATE_B", 7.0),
    ("RATE_C", 8.0),
    ("TAP", 9.0),
    ("BR_STATUS", 11.0),
    ("GEN_BUS", 1.0),
    ("PG", 2.0),
    ("QG", 3.0),
    ("VG", 6.0),
];

/// A matrix of the case.
#[derive(Debug, Clone)]
pub(super) struct Matrix {
    pub name: String,
    /// Line on which it begins.
    pub line: u64,
    /// Its rows, each with its line.
    pub rows: Vec<(u64, Vec<f64>)>,
}

impl Matrix {
    /// A value that must exist.
    pub fn get(&self, row: usize, column: usize) -> f64 {
        self.rows[row].1[column]
    }
}

/// Result of the statements.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub base_mva: Option<f64>,
    matrices: BTreeMap<String, Matrix>,
    figures: BTreeMap<String, f64>,
}

impl Program {
    pub fn matrix(&self, name: &str) -> Option<&Matrix> {
        self.matrices.get(name)
    }
}

/// Executes a case.
///
/// # Errors
/// The problem of the first statement that cannot be executed; for a matrix, the problems of all rows.
pub(super) fn run(text: &str) -> Result<Program, Vec<InputError>> {
    if text.len() > MOST_BYTES {
        return Err(vec![InputError::new(format!("{} bytes", text.len()), format!("at most {MOST_BYTES}"))]);
    }
    let mut program = Program::default();
    for (name, number) in NAMED {
        program.figures.insert(name.to_owned(), number);
    }
    let mut lines = text.lines().enumerate().map(|(i, line)| (i as u64 + 1, plain(line)));
    while let Some((number, line)) = lines.next() {
        let mut line = line.to_owned();
        while let Some(start) = line.trim_end().strip_suffix("...") {
            line = start.to_owned();
            let Some((_, next)) = lines.next() else { break };
            line.push_str(next);
        }
        // A matrix spans several lines; any other statement ends with its line.
        let begins = |bracket| line.find('=').zip(line.find(bracket)).is_some_and(|(is, at)| at > is);
        let opening = ['[', '{'].into_iter().find(|bracket| begins(*bracket) && matrix_name(&line).is_some());
        if let (Some(opening), Some(name)) = (opening, matrix_name(&line)) {
            let name = name.to_owned();
            let closing = if opening == '[' { ']' } else { '}' };
            let mut parts = vec![(number, line[line.find(opening).map_or(0, |at| at + 1)..].to_owned())];
            while !parts.last().is_some_and(|(_, part)| part.contains(closing)) {
                let Some((number, line)) = lines.next() else {
                    let found = format!("no {closing} at the end of mpc.{name}");
                    return Err(vec![
                        InputError::new(found, format!("a matrix that ends with {closing}")).line(number),
                    ]);
                };
                parts.push((number, line.to_owned()));
            }
            if let Some((_, last)) = parts.last_mut() {
                last.truncate(last.find(closing).unwrap_or(last.len()));
            }
            if opening == '[' {
                let rows = program.rows(&name, &parts)?;
                program.matrices.insert(name.clone(), Matrix { name, line: number, rows });
            }
            continue;
        }
        for statement in line.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
            program.carry_out(statement).map_err(|(found, expected)| {
                vec![InputError::new(found, expected).line(number).help(
                    "matrices, single figures and columns times figures are understood; run anything else in MATPOWER \
                     and save the case",
                )]
            })?;
        }
    }
    Ok(program)
}

/// A line without its comment.
fn plain(line: &str) -> &str {
    let mut quoted = false;
    let end = line.find(|c| {
        quoted ^= c == '\'';
        c == '%' && !quoted
    });
    &line[..end.unwrap_or(line.len())]
}

/// `bus` of a line that begins with `mpc.bus =`.
fn matrix_name(line: &str) -> Option<&str> {
    let name = line.split('=').next()?.trim().strip_prefix("mpc.")?;
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then_some(name)
}

/// Value found and value expected.
type Wrong = (String, String);

fn wrong<T>(found: impl Into<String>, expected: &str) -> Result<T, Wrong> {
    Err((found.into(), expected.to_owned()))
}

impl Program {
    /// Parses the rows of a matrix, whose values may be formulas without spaces.
    fn rows(&self, name: &str, parts: &[(u64, String)]) -> Result<Vec<(u64, Vec<f64>)>, Vec<InputError>> {
        let (mut rows, mut problems) = (Vec::new(), Vec::new());
        for (line, part) in parts {
            for row in part.split(';') {
                let mut figures = Vec::new();
                for word in row.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty())
                {
                    match word.parse().or_else(|_| self.formula(word, None)) {
                        Ok(x) => figures.push(x),
                        Err(_) => {
                            let found = format!("`{word}`");
                            problems.push(
                                InputError::new(found, "a number").line(*line).key(format!("mpc.{name}")),
                            );
                        }
                    }
                }
                if !figures.is_empty() {
                    rows.push((*line, figures));
                }
            }
        }
        if problems.is_empty() { Ok(rows) } else { Err(problems) }
    }

    fn carry_out(&mut self, statement: &str) -> Result<(), Wrong> {
        let is_word = |word: &str| statement.split_whitespace().next() == Some(word);
        if is_word("function") || matches!(statement, "end" | "return") {
            return Ok(());
        }
        let Some((left, right)) = statement.split_once('=') else {
            return wrong(format!("`{statement}`"), "a statement: NAME = FORMULA");
        };
        let (left, right) = (left.trim(), right.trim());
        // Column names, which are known; strings and tables, which are not needed.
        let names = left.starts_with('[') && right.starts_with("idx_");
        if names || right.starts_with('\'') {
            return Ok(());
        }
        if let Some(call) = left.strip_prefix("mpc.").and_then(|rest| rest.strip_suffix(')')) {
            return self.change_columns(call, right, statement);
        }
        let value = self.formula(right, None)?;
        if left == "mpc.baseMVA" {
            self.base_mva = Some(value);
        } else if left.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            self.figures.insert(left.to_owned(), value);
        } else if !left.starts_with("mpc.") {
            return wrong(format!("`{statement}`"), "a statement: NAME = FORMULA");
        }
        Ok(())
    }

    /// `bus(:, [PD QD]` and a formula for each row.
    fn change_columns(&mut self, call: &str, formula: &str, statement: &str) -> Result<(), Wrong> {
        let whole = || format!("`{statement}`");
        let expected = "columns of a matrix: mpc.NAME(:, COLUMNS) = FORMULA";
        let Some((name, arguments)) = call.split_once('(') else { return wrong(whole(), expected) };
        let Some((":", columns)) = arguments.split_once(',').map(|(rows, columns)| (rows.trim(), columns))
        else {
            return wrong(whole(), expected);
        };
        let Some(matrix) = self.matrices.get(name.trim()) else {
            return wrong(format!("mpc.{name}"), "a matrix defined above");
        };
        let width = matrix.rows.iter().map(|(_, row)| row.len()).min().unwrap_or(0);
        let columns = Formula::new(columns, self, None).columns()?;
        if let Some(column) = columns.iter().find(|column| **column >= width) {
            return wrong(format!("column {}", column + 1), "a column that all rows have");
        }
        let mut changed = Vec::with_capacity(matrix.rows.len());
        for row in 0..matrix.rows.len() {
            for position in 0..columns.len() {
                changed.push(self.formula(formula, Some((row, position)))?);
            }
        }
        let Some(matrix) = self.matrices.get_mut(name.trim()) else { return Ok(()) };
        for (row, values) in matrix.rows.iter_mut().zip(changed.chunks(columns.len().max(1))) {
            columns.iter().zip(values).for_each(|(column, value)| row.1[*column] = *value);
        }
        Ok(())
    }

    fn formula(&self, text: &str, at: Option<(usize, usize)>) -> Result<f64, Wrong> {
        let mut formula = Formula::new(text, self, at);
        let value = formula.sum()?;
        if formula.rest.trim().is_empty() {
            Ok(value)
        } else {
            wrong(format!("`{}`", formula.rest.trim()), "the end of the formula")
        }
    }
}

/// A formula under evaluation, for one row and one of the assigned columns.
struct Formula<'a> {
    rest: &'a str,
    program: &'a Program,
    at: Option<(usize, usize)>,
    depth: usize,
}

impl<'a> Formula<'a> {
    fn new(rest: &'a str, program: &'a Program, at: Option<(usize, usize)>) -> Self {
        Self { rest, program, at, depth: 0 }
    }

    /// Consumes `sign` if it comes next; returns whether it did.
    fn takes(&mut self, sign: &str) -> bool {
        self.rest = self.rest.trim_start();
        let Some(rest) = self.rest.strip_prefix(sign) else { return false };
        self.rest = rest;
        true
    }

    fn sum(&mut self) -> Result<f64, Wrong> {
        let mut value = self.product()?;
        loop {
            if self.takes("+") {
                value += self.product()?;
            } else if self.takes("-") {
                value -= self.product()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn product(&mut self) -> Result<f64, Wrong> {
        let mut value = self.power()?;
        loop {
            if self.takes("*") || self.takes(".*") {
                value *= self.power()?;
            } else if self.takes("/") || self.takes("./") {
                value /= self.power()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn power(&mut self) -> Result<f64, Wrong> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return wrong("a formula nested too deeply", "fewer brackets");
        }
        let value = if self.takes("-") {
            -self.power()?
        } else {
            let mut value = self.single()?;
            while self.takes("^") || self.takes(".^") {
                value = value.powf(self.single()?);
            }
            value
        };
        self.depth -= 1;
        Ok(value)
    }

    fn single(&mut self) -> Result<f64, Wrong> {
        if self.takes("(") {
            let value = self.sum()?;
            return self.closed(value);
        }
        let length = number_length(self.rest);
        if length > 0 {
            let (number, rest) = self.rest.split_at(length);
            self.rest = rest;
            return number.parse().or_else(|_| wrong(format!("`{number}`"), "a number"));
        }
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        if word.is_empty() {
            return wrong(format!("`{}`", self.rest), "a number, a name or a bracket");
        }
        self.rest = rest;
        if word == "mpc.baseMVA" {
            return self.program.base_mva.map_or_else(|| wrong(word, "a figure defined above"), Ok);
        }
        if let Some(name) = word.strip_prefix("mpc.") {
            return self.element(name);
        }
        let function: Option<fn(f64) -> f64> = match word {
            "sin" => Some(f64::sin),
            "cos" => Some(f64::cos),
            "tan" => Some(f64::tan),
            "acos" => Some(f64::acos),
            "sqrt" => Some(f64::sqrt),
            _ => None,
        };
        if let Some(function) = function
            && self.takes("(")
        {
            let value = function(self.sum()?);
            return self.closed(value);
        }
        if word == "pi" {
            return Ok(std::f64::consts::PI);
        }
        self.program
            .figures
            .get(word)
            .map_or_else(|| wrong(format!("`{word}`"), "a name defined above"), |x| Ok(*x))
    }

    fn closed<T>(&mut self, value: T) -> Result<T, Wrong> {
        if self.takes(")") { Ok(value) } else { wrong(format!("`{}`", self.rest), "a closing bracket") }
    }

    /// An element of a matrix: `bus(1, BASE_KV)`, or the one in this row of `bus(:, [PD QD])`.
    fn element(&mut self, name: &str) -> Result<f64, Wrong> {
        let Some(matrix) = self.program.matrices.get(name) else {
            return wrong(format!("mpc.{name}"), "a matrix defined above");
        };
        if !self.takes("(") {
            return wrong(format!("mpc.{name}"), "a row and columns in brackets");
        }
        let every = self.takes(":");
        let row = match (every, self.at) {
            (true, Some((row, _))) => Some(row),
            (true, None) => None,
            (false, _) => whole(self.sum()?),
        };
        if !self.takes(",") {
            return wrong(format!("`{}`", self.rest), "a comma and columns");
        }
        let columns = self.columns()?;
        let position = if columns.len() == 1 { 0 } else { self.at.map_or(0, |(_, position)| position) };
        let value = row
            .and_then(|row| matrix.rows.get(row))
            .zip(columns.get(position))
            .and_then(|((_, row), column)| row.get(*column));
        let Some(&value) = value else {
            return wrong(
                format!("mpc.{name} at a place without figure"),
                "a row and columns that are there",
            );
        };
        self.closed(value)
    }

    /// Parses `PD`, `[PD QD]` or `[PD, QD]` to column indices, counted from 0.
    fn columns(&mut self) -> Result<Vec<usize>, Wrong> {
        let many = self.takes("[");
        let mut columns = Vec::new();
        loop {
            let number = if many { self.single()? } else { self.sum()? };
            let Some(column) = whole(number) else {
                return wrong(format!("column {number}"), "a column from 1");
            };
            columns.push(column);
            if !many || self.takes("]") {
                return Ok(columns);
            }
            self.takes(",");
        }
    }
}

/// Converts an index counted from 1 to one counted from 0.
fn whole(number: f64) -> Option<usize> {
    ((1.0..=1e6).contains(&number) && number.fract() == 0.0).then(|| number as usize - 1)
}

/// Length of the number at the start of `text`.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.')
        && (end > 0 || digits(1) > 0)
        && !matches!(bytes.get(end + 1), Some(b'*' | b'/' | b'^'))
    {
        end += 1 + digits(end + 1);
    }
    if end > 0 && matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let more = if end + 1 + sign <= bytes.len() { digits(end + 1 + sign) } else { 0 };
        if more > 0 {
            end += 1 + sign + more;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(formula: &str) -> f64 {
        let program = run(&format!("mpc.m = [1 2; 3 4];\nx = {formula};")).unwrap();
        program.figures["x"]
    }

    #[test]
    fn formulas_have_their_values() {
        for (formula, expected) in [
            ("1 + 2 * 3 ^ 2", 19.0),
            ("-2 ^ 2", -4.0),
            ("(1 + 2) * -3", -9.0),
            ("50/3", 50.0 / 3.0),
            ("1.5e3 - .5", 1499.5),
            ("sin(acos(0.8))", 0.6),
            ("mpc.m(2, 1) .* 2", 6.0),
            ("mpc.m(1, PD - 1)", 2.0),
        ] {
            assert!((value(formula) - expected).abs() < 1e-12, "{formula}: {}", value(formula));
        }
    }

    #[test]
    fn invalid_programs_are_reported_without_panic() {
        for text in [
            "x = ",
            "x = 1 +",
            "x = (1",
            "x = y",
            "x = mpc.m(3, 1)",
            "x = mpc.m(:, 1)",
            "x = mpc.n(1, 1)",
            "x = mpc.m(1)",
            "x = 1 2",
            "mpc.m(:, 3) = 1",
            "mpc.m(1, 1) = 1",
            "mpc.n(:, 1) = 1",
            "mpc.m(:, [1 2) = 1",
            "disp hello",
            "x = mpc.m(1, [1",
            "x = e",
            "x = 1e",
            "x = .",
            "mpc.m(:, 0) = 1",
            "mpc.b = [1 2 a];",
            "mpc.b = [1 2",
            "é = ü",
        ] {
            assert!(run(&format!("mpc.m = [1 2; 3 4];\n{text}")).is_err(), "{text}");
        }
        assert!(run(&format!("mpc.m = [1];\nx = {}1", "(".repeat(100_000))).is_err());
        assert!(run(&format!("mpc.m = [1];\nx = {}1", "-".repeat(100_000))).is_err());
    }
}
