//! Plan of a study: everything that its results report about it, and the numbering of its tasks.
//!
//! The plan is the first line of the journal, so that a folder of results, or of a shard, can be resumed and merged
//! without the study's files.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Plan of a resolved study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of gridfleet.
    pub gridfleet_version: String,
    /// Name of the study.
    pub study: String,
    /// Description of the study.
    pub description: String,
    /// SHA-256 of the study file.
    pub study_sha256: String,
    /// Name of the scenario.
    pub scenario: String,
    /// SHA-256 of the scenario file.
    pub scenario_sha256: String,
    /// Path of the scenario file, composed of the study's folder and the study's key.
    pub scenario_file: String,
    /// Seed.
    pub seed: u64,
    /// Confidence level of intervals.
    pub confidence: f64,
    /// Currency of all amounts.
    pub currency: String,
    /// Start of the simulation, ISO 8601 in UTC.
    pub start: String,
    /// End of the simulation (exclusive), ISO 8601 in UTC.
    pub end: String,
    /// Local days of the warm-up found by pilot runs, the longest over all policies and points; absent if the scenario
    /// gives a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up_found_days: Option<i64>,
    /// Time zone of local times.
    pub time_zone: String,
    /// Name of the policy to which the others are compared.
    pub baseline: String,
    /// Name of the policy that does nothing of what the others try, if the study names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub do_nothing: Option<String>,
    /// The policies.
    pub policies: Vec<PlanPolicy>,
    /// Factors that vary over the points.
    pub factors: Vec<PlanFactor>,
    /// Points of the design; one without values if there are no factors.
    pub points: Vec<PlanPoint>,
    /// Key figures to compare.
    pub metrics: Vec<PlanMetric>,
    /// The game, if the policies are its coalitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coalition_game: Option<PlanGame>,
}

/// Game of fleets or of operators.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanGame {
    /// Players, which are fleets or operators of stations.
    pub players: Vec<String>,
    /// Key figure to share.
    pub figure: String,
    /// Whether the figure is a cost rather than a gain.
    pub costs: bool,
}

/// Policy of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanPolicy {
    /// Name.
    pub name: String,
    /// Description of the policy.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Arguments of `gridfleet run` that derive the policy from the base scenario.
    pub arguments: Vec<String>,
}

/// Factor of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanFactor {
    /// Name.
    pub name: String,
    /// Keys of the scenario that the factor sets.
    pub keys: Vec<String>,
}

/// Point of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanPoint {
    /// Number, from 0.
    pub point: usize,
    /// Value of each factor, by the factor's name.
    pub values: BTreeMap<String, Json>,
}

/// Key figure of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanMetric {
    /// Name.
    pub name: String,
    /// Title for readers.
    pub title: String,
    /// Unit; empty for counts, `0..1` for shares.
    pub unit: String,
    /// `higher`, `lower`, or `None` if neither is better.
    pub better: Option<String>,
    /// Whether the table shows ratios to the baseline.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ratio: bool,
}

/// One replication of one policy at one point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Task {
    /// Number, from 0: by replication, then point, then policy.
    pub number: u64,
    /// Replication.
    pub replication: u32,
    /// Point.
    pub point: usize,
    /// Policy.
    pub policy: usize,
}

/// Shard of a study, for one of several machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Number of the shard, from 1.
    pub part: u32,
    /// Number of shards.
    #[serde(rename = "of")]
    pub count: u32,
}

impl std::str::FromStr for Shard {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let shard = text.split_once('/').and_then(|(part, count)| {
            let shard = Self { part: part.trim().parse().ok()?, count: count.trim().parse().ok()? };
            (1..=shard.count).contains(&shard.part).then_some(shard)
        });
        shard.ok_or_else(|| "expected I/N with I from 1 to N, for example 1/3".to_owned())
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.part, self.count)
    }
}

impl PlanMetric {
    /// Factor by which values are multiplied for display, and their unit: shares as percent.
    pub fn shown(&self) -> (f64, &str) {
        if self.unit == "0..1" { (100.0, "%") } else { (1.0, self.unit.as_str()) }
    }
}

impl Plan {
    /// Number of arms: policies times points.
    pub fn arms(&self) -> usize {
        self.policies.len() * self.points.len()
    }

    /// Number of the arm of a policy at a point.
    pub fn arm(&self, policy: usize, point: usize) -> usize {
        point * self.policies.len() + policy
    }

    /// Task with this number. More replications only append tasks.
    pub fn task(&self, number: u64) -> Task {
        let arms = self.arms() as u64;
        let arm = (number % arms) as usize;
        Task {
            number,
            replication: (number / arms) as u32,
            point: arm / self.policies.len(),
            policy: arm % self.policies.len(),
        }
    }

    /// Tasks of replications `from` to `to` (exclusive), restricted to `shard`: all policies of one replication at one
    /// point stay together, so that shards take about the same time.
    pub fn tasks(&self, from: u32, to: u32, shard: Option<Shard>) -> impl Iterator<Item = Task> + '_ {
        let arms = self.arms() as u64;
        (u64::from(from) * arms..u64::from(to) * arms).map(|number| self.task(number)).filter(move |task| {
            let block = task.number / self.policies.len() as u64;
            shard.is_none_or(|shard| block % u64::from(shard.count) == u64::from(shard.part - 1))
        })
    }

    /// Position of the baseline among the policies.
    pub fn baseline(&self) -> usize {
        self.policies.iter().position(|p| p.name == self.baseline).unwrap_or(0)
    }

    /// Whether two journals with these plans are parts of one study; figures, confidence and baseline may be changed
    /// after the runs.
    pub fn is_part_of(&self, other: &Self) -> bool {
        let core = |plan: &Self| Self {
            description: String::new(),
            study_sha256: String::new(),
            confidence: 0.0,
            baseline: String::new(),
            do_nothing: None,
            metrics: Vec::new(),
            scenario_file: String::new(),
            ..plan.clone()
        };
        core(self) == core(other)
    }

    /// Command that runs a task alone.
    pub fn command(&self, task: Task) -> String {
        let mut command = format!("gridfleet run {}", quoted(&self.scenario_file));
        for argument in &self.policies[task.policy].arguments {
            command.push(' ');
            command.push_str(&quoted(argument));
        }
        let values = &self.points[task.point].values;
        for factor in &self.factors {
            for key in &factor.keys {
                let value = values.get(&factor.name).map(super::load::toml_value).unwrap_or_default();
                command.push_str(&format!(" --set {}", quoted(&format!("{key}={value}"))));
            }
        }
        if let Some(days) = self.warm_up_found_days {
            command.push_str(&format!(" --set time.warm_up={days}"));
        }
        command.push_str(&format!(" --seed {} --replication {}", self.seed, task.replication));
        command
    }
}

/// Argument quoted for a shell.
fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(policies: usize, points: usize) -> Plan {
        let policy = |i| PlanPolicy {
            name: format!("p{i}"),
            description: String::new(),
            arguments: vec!["--set".into(), "a=\"x y\"".into()],
        };
        let point = |i| PlanPoint { point: i, values: [("f".to_owned(), Json::from(i))].into() };
        Plan {
            gridfleet_version: "0".into(),
            study: "s".into(),
            description: String::new(),
            study_sha256: String::new(),
            scenario: "c".into(),
            scenario_sha256: String::new(),
            scenario_file: "a b.toml".into(),
            seed: 7,
            confidence: 0.95,
            currency: "EUR".into(),
            start: String::new(),
            end: String::new(),
            warm_up_found_days: None,
            time_zone: String::new(),
            baseline: "p0".into(),
            do_nothing: None,
            policies: (0..policies).map(policy).collect(),
            factors: vec![PlanFactor { name: "f".into(), keys: vec!["k".into()] }],
            points: (0..points).map(point).collect(),
            coalition_game: None,
            metrics: Vec::new(),
        }
    }

    #[test]
    fn tasks_are_numbered_replication_by_replication() {
        let plan = plan(2, 3);
        let tasks: Vec<Task> = plan.tasks(0, 4, None).collect();
        assert_eq!(tasks.len(), 24);
        assert!(
            tasks
                .iter()
                .enumerate()
                .all(|(i, task)| task.number == i as u64 && plan.task(task.number) == *task)
        );
        assert_eq!((tasks[9].replication, tasks[9].point, tasks[9].policy), (1, 1, 1));
        assert_eq!(
            plan.tasks(0, 2, None).collect::<Vec<_>>(),
            tasks[..12],
            "more replications add tasks behind"
        );
    }

    #[test]
    fn shards_share_all_tasks_out_and_keep_policies_together() {
        let plan = plan(2, 3);
        let mut all: Vec<Task> = Vec::new();
        for part in 1..=4 {
            let shard: Vec<Task> = plan.tasks(0, 10, Some(Shard { part, count: 4 })).collect();
            assert!((14..=16).contains(&shard.len()));
            assert!(shard.chunks(2).all(|pair| pair[0].number + 1 == pair[1].number));
            all.extend(shard);
        }
        all.sort();
        assert_eq!(all, plan.tasks(0, 10, None).collect::<Vec<_>>());
        assert_eq!("2/3".parse(), Ok(Shard { part: 2, count: 3 }));
        for wrong in ["0/3", "4/3", "1", "a/b", "1/0", "-1/2"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_task_is_run_alone_by_its_command() {
        let plan = plan(2, 3);
        assert_eq!(
            plan.command(plan.task(9)),
            r#"gridfleet run 'a b.toml' --set 'a="x y"' --set k=1 --seed 7 --replication 1"#
        );
        // The window of the study, which the policy alone might not have.
        let found = Plan { warm_up_found_days: Some(2), ..plan };
        assert_eq!(
            found.command(found.task(9)),
            r#"gridfleet run 'a b.toml' --set 'a="x y"' --set k=1 --set time.warm_up=2 --seed 7 --replication 1"#
        );
    }
}
