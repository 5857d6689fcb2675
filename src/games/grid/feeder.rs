//! A radial feeder: one source, buses with loads, and branches that form exactly one path to each bus.

/// A bus with its loads.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bus {
    /// Name in the data source, often a number.
    pub name: String,
    /// Load net of local generation, in MW.
    pub load_mw: f64,
    /// Reactive load, in Mvar.
    pub load_mvar: f64,
    /// Shunt conductance: power drawn at nominal voltage, in MW.
    pub shunt_mw: f64,
    /// Shunt susceptance: reactive power fed in at nominal voltage, in Mvar (positive for a capacitor).
    pub shunt_mvar: f64,
}

/// A line or transformer at nominal ratio between two buses.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// Bus at one end, by its index in the list.
    pub from: usize,
    /// Bus at the other end.
    pub to: usize,
    /// Resistance, in per unit.
    pub r: f64,
    /// Reactance, in per unit.
    pub x: f64,
    /// Maximum apparent power, in MVA; infinite if there is no limit.
    pub limit_mva: f64,
}

/// Location of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The feeder as a whole.
    Feeder,
    /// A bus, by its index in the list.
    Bus(usize),
    /// A branch, by its index in the list.
    Branch(usize),
}

/// A fault in the data of a feeder. The reader of the file adds its line or key.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Location of the fault.
    pub place: Place,
    /// Name of the value, for example `r`; empty for the whole location.
    pub key: &'static str,
    /// Value found.
    pub found: String,
    /// Value expected.
    pub expected: String,
}

/// A feeder that has passed all checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Feeder {
    base_mva: f64,
    source: usize,
    source_voltage: f64,
    buses: Vec<Bus>,
    branches: Vec<Branch>,
    /// Buses in order from the source outwards, each after the one that feeds it.
    order: Vec<usize>,
    /// By bus: the branch that feeds it and the bus at the branch's other end; `None` at the source.
    feeds: Vec<Option<(usize, usize)>>,
}

/// Largest plausible value in per unit, MW or MVA. Assumed: far beyond any feeder; products of a few stay finite.
const LARGEST: f64 = 1e9;

impl Feeder {
    /// Creates a feeder of these buses and branches, fed at `source` with a voltage of `source_voltage` per unit.
    ///
    /// # Errors
    /// All faults found: impossible values, branches that close a loop, disconnected buses.
    pub fn new(
        base_mva: f64,
        source: usize,
        source_voltage: f64,
        buses: Vec<Bus>,
        branches: Vec<Branch>,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = figures(base_mva, source_voltage, &buses, &branches);
        if source >= buses.len() {
            let expected = format!("a bus from 0 to {}", buses.len().saturating_sub(1));
            faults.push(Fault::of(Place::Feeder, "source", source.to_string(), expected));
        }
        for (i, branch) in branches.iter().enumerate() {
            for (key, end) in [("from", branch.from), ("to", branch.to)] {
                if end >= buses.len() {
                    let expected = format!("a bus from 0 to {}", buses.len().saturating_sub(1));
                    faults.push(Fault::of(Place::Branch(i), key, end.to_string(), expected));
                }
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        faults = loops(&buses, &branches);
        let (order, feeds) = tree(source, buses.len(), &branches);
        for bus in 0..buses.len() {
            if feeds[bus].is_none() && bus != source {
                let found = format!("bus {}, to which no branch in service leads", buses[bus].name);
                let expected = format!("a way to the source, bus {}", buses[source].name);
                faults.push(Fault::of(Place::Bus(bus), "", found, expected));
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self { base_mva, source, source_voltage, buses, branches, order, feeds })
    }

    /// The same feeder with another voltage at its source, in per unit.
    ///
    /// # Errors
    /// If the voltage is not above 0 and at most 2.
    pub fn with_source_voltage(mut self, voltage: f64) -> Result<Self, Fault> {
        self.source_voltage = voltage;
        source_fault(voltage).map_or(Ok(self), Err)
    }

    /// Apparent power of one per unit, in MVA.
    pub fn base_mva(&self) -> f64 {
        self.base_mva
    }

    /// The bus that feeds all others.
    pub fn source(&self) -> usize {
        self.source
    }

    /// Voltage at the source, in per unit.
    pub fn source_voltage(&self) -> f64 {
        self.source_voltage
    }

    /// All buses.
    pub fn buses(&self) -> &[Bus] {
        &self.buses
    }

    /// All branches.
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// Buses in order from the source outwards, each after the one that feeds it.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The branch that feeds `bus` and the bus at the branch's other end; `None` at the source.
    pub fn feed(&self, bus: usize) -> Option<(usize, usize)> {
        self.feeds[bus]
    }

    /// The branches between the source and `bus`, each with the bus that it feeds, starting next to `bus`.
    pub fn path(&self, bus: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let mut at = bus;
        std::iter::from_fn(move || {
            let (branch, before) = self.feeds[at]?;
            let fed = std::mem::replace(&mut at, before);
            Some((branch, fed))
        })
    }

    /// Index of the bus with this name.
    pub fn bus(&self, name: &str) -> Option<usize> {
        self.buses.iter().position(|bus| bus.name == name)
    }

    /// Name of a branch, from the names of its ends, for example `6-26`.
    pub fn branch_name(&self, branch: usize) -> String {
        let Branch { from, to, .. } = self.branches[branch];
        format!("{}-{}", self.buses[from].name, self.buses[to].name)
    }

    /// Loads of all buses, including shunts at nominal voltage: active in MW and reactive in Mvar, each times `factor`.
    pub fn loads(&self, factor: f64) -> (Vec<f64>, Vec<f64>) {
        let active = |bus: &Bus| factor * bus.load_mw + bus.shunt_mw;
        let reactive = |bus: &Bus| factor * bus.load_mvar - bus.shunt_mvar;
        (self.buses.iter().map(active).collect(), self.buses.iter().map(reactive).collect())
    }
}

impl Fault {
    /// Creates a fault at `place`.
    pub fn of(
        place: Place,
        key: &'static str,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self { place, key, found: found.into(), expected: expected.into() }
    }
}

fn source_fault(voltage: f64) -> Option<Fault> {
    let fits = voltage > 0.0 && voltage <= 2.0;
    let fault =
        || Fault::of(Place::Feeder, "source_voltage", format!("{voltage}"), "above 0 and at most 2 per unit");
    (!fits).then(fault)
}

/// Whether a value is finite and not too large.
fn believed(x: f64) -> bool {
    (-LARGEST..=LARGEST).contains(&x)
}

/// Faults of single values.
fn figures(base_mva: f64, source_voltage: f64, buses: &[Bus], branches: &[Branch]) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !(base_mva > 0.0 && base_mva <= LARGEST) {
        faults.push(Fault::of(Place::Feeder, "base_mva", format!("{base_mva}"), "a number above 0"));
    }
    faults.extend(source_fault(source_voltage));
    if buses.is_empty() {
        faults.push(Fault::of(Place::Feeder, "buses", "none", "one at least"));
    }
    for (i, bus) in buses.iter().enumerate() {
        let figures = [
            ("load_mw", bus.load_mw),
            ("load_mvar", bus.load_mvar),
            ("shunt_mw", bus.shunt_mw),
            ("shunt_mvar", bus.shunt_mvar),
        ];
        for (key, x) in figures {
            if !believed(x) {
                faults.push(Fault::of(Place::Bus(i), key, format!("{x}"), "a finite number"));
            }
        }
    }
    for (i, branch) in branches.iter().enumerate() {
        if !(0.0..=LARGEST).contains(&branch.r) {
            faults.push(Fault::of(Place::Branch(i), "r", format!("{}", branch.r), "a number of at least 0"));
        }
        if !believed(branch.x) {
            faults.push(Fault::of(Place::Branch(i), "x", format!("{}", branch.x), "a finite number"));
        }
        if branch.limit_mva.is_nan() || branch.limit_mva <= 0.0 {
            let found = format!("{}", branch.limit_mva);
            faults.push(Fault::of(Place::Branch(i), "limit_mva", found, "a number above 0"));
        }
    }
    faults
}

/// Branches that connect buses that are already connected.
fn loops(buses: &[Bus], branches: &[Branch]) -> Vec<Fault> {
    // Union-find: each bus points to another bus of its component; the last of the chain represents the component.
    let mut leads: Vec<usize> = (0..buses.len()).collect();
    let find = |leads: &mut Vec<usize>, mut at: usize| {
        while leads[at] != at {
            leads[at] = leads[leads[at]];
            at = leads[at];
        }
        at
    };
    let mut faults = Vec::new();
    for (i, branch) in branches.iter().enumerate() {
        let (a, b) = (find(&mut leads, branch.from), find(&mut leads, branch.to));
        if a == b {
            let ends = format!("{}-{}", buses[branch.from].name, buses[branch.to].name);
            let found = format!("branch {ends}, which closes a loop");
            faults.push(Fault::of(Place::Branch(i), "", found, "a radial feeder: one way to each bus"));
        }
        leads[a] = b;
    }
    faults
}

/// Order from the source outwards, and the branch and bus that feed each bus.
fn tree(source: usize, buses: usize, branches: &[Branch]) -> (Vec<usize>, Vec<Option<(usize, usize)>>) {
    let mut near = vec![Vec::new(); buses];
    for (i, branch) in branches.iter().enumerate() {
        near[branch.from].push((i, branch.to));
        near[branch.to].push((i, branch.from));
    }
    let (mut order, mut feeds) = (vec![source], vec![None; buses]);
    let mut next = 0;
    while let Some(&bus) = order.get(next) {
        next += 1;
        for &(branch, other) in &near[bus] {
            if other != source && feeds[other].is_none() {
                feeds[other] = Some((branch, bus));
                order.push(other);
            }
        }
    }
    (order, feeds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bus(name: &str) -> Bus {
        Bus { name: name.to_owned(), ..Bus::default() }
    }

    fn branch(from: usize, to: usize) -> Branch {
        Branch { from, to, r: 0.01, x: 0.02, limit_mva: f64::INFINITY }
    }

    fn feeder(ends: &[(usize, usize)]) -> Result<Feeder, Vec<Fault>> {
        let buses = ["a", "b", "c", "d"].map(bus).to_vec();
        Feeder::new(1.0, 1, 1.0, buses, ends.iter().map(|&(from, to)| branch(from, to)).collect())
    }

    #[test]
    fn branches_lead_outwards_whichever_way_they_are_written() {
        let feeder = feeder(&[(0, 1), (3, 2), (1, 2)]).unwrap();
        assert_eq!(feeder.order(), [1, 0, 2, 3]);
        assert_eq!(feeder.path(3).collect::<Vec<_>>(), [(1, 3), (2, 2)]);
        assert_eq!(feeder.path(1).count(), 0);
        assert_eq!((feeder.bus("d"), feeder.bus("e")), (Some(3), None));
        assert_eq!(feeder.branch_name(1), "d-c");
    }

    #[test]
    fn loops_and_disconnected_buses_are_reported_together() {
        let faults = feeder(&[(0, 1), (1, 0), (2, 2)]).unwrap_err();
        let places: Vec<Place> = faults.iter().map(|fault| fault.place).collect();
        assert_eq!(places, [Place::Branch(1), Place::Branch(2), Place::Bus(2), Place::Bus(3)]);
        assert_eq!(faults[0].found, "branch b-a, which closes a loop");
        assert_eq!(faults[3].found, "bus d, to which no branch in service leads");
    }

    #[test]
    fn impossible_figures_are_reported_together() {
        let mut buses = vec![bus("a"), bus("b")];
        buses[1].load_mw = f64::NAN;
        let mut wrong = branch(0, 7);
        wrong.r = -1.0;
        wrong.limit_mva = 0.0;
        let faults = Feeder::new(0.0, 0, 3.0, buses, vec![wrong]).unwrap_err();
        let keys: Vec<&str> = faults.iter().map(|fault| fault.key).collect();
        assert_eq!(keys, ["base_mva", "source_voltage", "load_mw", "r", "limit_mva", "to"]);
        assert!(Feeder::new(1.0, 0, 1.0, Vec::new(), Vec::new()).is_err());
    }
}
