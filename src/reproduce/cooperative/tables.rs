//! Tables I to III: riders who choose a fleet, riders without a preference, and coalitions.

use super::super::{Context, Figure, Finding, Outcome, Rule, Table};
use super::source::{Customers, Depots, Size};
use super::{CASE_B, EQUAL, Solved, each, follows, mostly, shown};
use crate::error::Result;
use crate::games::coalition::core::{is_empty, objection};
use crate::games::coalition::shapley::shapley;
use crate::games::coalition::{Coalition, CooperativeGame};
use crate::rng::Purpose;
use crate::routing::{Demand, Instance, Router};
use rand::RngExt;

/// Published: cost [$] and energy [kWh] of fleets 1, 2 and 3.
const TABLE_1: [[f64; 3]; 2] = [[2.137, 4.323, 2.373], [8.633, 17.466, 9.588]];
const TABLE_2: [[f64; 3]; 2] = [[5.281, 0.719, 2.833], [21.337, 2.906, 11.444]];
/// Coalitions in the order of table III, their costs [$] and energies [kWh].
const COALITIONS: [&[usize]; 7] = [&[0], &[1], &[2], &[0, 1], &[0, 2], &[1, 2], &[0, 1, 2]];
const COSTS: [f64; 7] = [1.850, 3.044, 2.651, 1.635, 1.599, 2.187, 1.381];
const ENERGIES: [f64; 7] = [7.488, 12.321, 10.731, 6.618, 6.474, 8.854, 5.586];
/// The Shapley value of all, as printed [$].
const SHAPLEY: [f64; 3] = [-0.062, 0.828, 0.614];
/// Pairs of fleets, and the shares of their members as printed [$].
const PAIRS: [[usize; 2]; 3] = [[0, 1], [0, 2], [1, 2]];
const PAIR_SHARES: [[f64; 2]; 3] = [[0.220, 1.414], [0.399, 1.200], [1.290, 0.897]];
/// Random assignments of riders to fleets, for each instance.
const DRAWS: usize = 20;

/// Cost and energy of each fleet, in the order of the paper's numbers, when each serves its own riders alone.
struct Alone {
    cost: [f64; 3],
    energy: [f64; 3],
    /// Cost of all together, in one coalition.
    together: f64,
    unserved: usize,
}

impl Alone {
    fn total(&self) -> f64 {
        self.cost.iter().sum()
    }
}

/// Mean cost of the fleets over `assignments`, which give the fleet of each ride.
fn alone(instance: Instance, assignments: impl Fn(&Solved) -> Vec<Vec<usize>>) -> Result<Alone> {
    let solved = Solved::of(instance, Demand::All)?;
    let mut router = Router::new(&solved.instance)?;
    let order = solved.as_in_case_b();
    let mut result = Alone { cost: [0.0; 3], energy: [0.0; 3], together: solved.game.total(), unserved: 0 };
    let assignments = assignments(&solved);
    for assignment in &assignments {
        for (place, &fleet) in order.iter().enumerate() {
            let own = |trips: u64, (trip, &whose): (usize, &usize)| {
                if whose == fleet { trips | 1 << trip } else { trips }
            };
            let plan =
                router.serve(Coalition::EMPTY.with(fleet), assignment.iter().enumerate().fold(0, own))?;
            result.cost[place] += plan.cost / assignments.len() as f64;
            result.energy[place] += plan.used(&solved.instance).driven_kwh / assignments.len() as f64;
            result.unserved += plan.unserved.len();
        }
    }
    Ok(result)
}

/// Fleets 1 to 3, with the published figures beside ours.
fn beside(results: &[Alone], published: [[f64; 3]; 2]) -> Vec<Figure> {
    let mut figures = Vec::new();
    for place in 0..3 {
        let figure = |values: Vec<f64>, name: &str, unit: &str, published: f64| {
            Figure::mean(name, unit, &values).case(format!("fleet {}", place + 1)).published(published)
        };
        figures.push(figure(
            results.iter().map(|r| r.cost[place]).collect(),
            "cost",
            "$",
            published[0][place],
        ));
        figures.push(figure(
            results.iter().map(|r| r.energy[place]).collect(),
            "energy",
            "kWh",
            published[1][place],
        ));
    }
    let total: Vec<f64> = results.iter().map(Alone::total).collect();
    let together: Vec<f64> = results.iter().map(|result| result.together).collect();
    figures
        .push(Figure::mean("cost", "$", &total).case("all, each alone").published(published[0].iter().sum()));
    figures.push(Figure::mean("cost", "$", &together).case("all, in one coalition").published(COSTS[6]));
    figures
}

fn by_instance(results: &[Alone]) -> Table {
    let mut table = Table::new("instances").integers("instance", 0..results.len() as i64);
    for place in 0..3 {
        table = table
            .numbers(format!("cost_{}", place + 1), results.iter().map(|r| r.cost[place]))
            .numbers(format!("energy_{}_kwh", place + 1), results.iter().map(|r| r.energy[place]));
    }
    table
        .numbers("cost_together", results.iter().map(|r| r.together))
        .integers("unserved", results.iter().map(|r| r.unserved as i64))
}

const NUMBERS: &str = "Fleets are numbered as in the paper's case B: 1 costs least alone, 2 most.";

/// Riders choose a fleet: each with a probability of one third, and no fleet knows the requests of others.
pub fn table_1(context: &Context<'_>) -> Result<Outcome> {
    let (results, mut notes) = each(context, CASE_B, |instance, i| {
        let mut random = context.streams(i).stream(Purpose::FleetChoice, 0);
        let trips = instance.trips.len();
        let draws: Vec<Vec<usize>> =
            (0..DRAWS).map(|_| (0..trips).map(|_| random.random_range(0..3)).collect()).collect();
        alone(instance, |_| draws.clone())
    })?;
    notes.push(NUMBERS.to_owned());
    notes.push(format!("Costs and energies are means over {DRAWS} random assignments of riders to fleets."));
    let findings = vec![
        mostly(
            "fleet 2, the dearest alone, costs most",
            results.iter().map(|r| r.cost[1] > r.cost[0].max(r.cost[2])),
        ),
        mostly(
            "fleet 1 costs least and fleet 2 most, as if each served all riders",
            results.iter().map(|r| r.cost[0] <= r.cost[2] && r.cost[2] <= r.cost[1]),
        ),
        follows(
            "all together cost less as one coalition",
            results.iter().map(|r| r.together <= r.total() + EQUAL),
        ),
    ];
    let tables = vec![by_instance(&results)];
    Ok(Outcome { figures: beside(&results, TABLE_1), findings, tables, notes, ..Outcome::default() })
}

/// Riders without a preference: the best placed fleet serves.
pub fn table_2(context: &Context<'_>) -> Result<Outcome> {
    let (results, mut notes) = each(context, CASE_B, |instance, _| {
        alone(instance, |solved| {
            let km = &solved.instance.travel.km;
            let best = |trip: &crate::routing::Trip| {
                let way = |fleet: usize| {
                    let depot = solved.instance.vehicles[fleet].depot;
                    km[depot][trip.from] + km[trip.to][depot]
                };
                (0..3).min_by(|&a, &b| way(a).total_cmp(&way(b))).unwrap_or(0)
            };
            vec![solved.instance.trips.iter().map(best).collect()]
        })
    })?;
    notes.push(NUMBERS.to_owned());
    notes.push(
        "The best placed fleet is read as the one whose depot has the shortest route to the pick-up and from the drop-off. \
         Tables I and II both sum to 8.833 $ and 35.687 kWh as published: riders who do not mind saved nothing there."
            .to_owned(),
    );
    let findings = vec![
        mostly(
            "fleet 1, the cheapest alone, serves most",
            results.iter().map(|r| r.energy[0] > r.energy[1].max(r.energy[2])),
        ),
        mostly(
            "fleet 2, the dearest alone, serves least",
            results.iter().map(|r| r.energy[1] < r.energy[0].min(r.energy[2])),
        ),
        follows(
            "all together cost less as one coalition",
            results.iter().map(|r| r.together <= r.total() + EQUAL),
        ),
    ];
    let tables = vec![by_instance(&results)];
    Ok(Outcome { figures: beside(&results, TABLE_2), findings, tables, notes, ..Outcome::default() })
}

/// The paper's costs as a game.
pub(super) fn published() -> Result<CooperativeGame> {
    let place = |members: &[usize]| Coalition::from_iter(members.iter().copied()).place();
    let cost = |coalition: Coalition| {
        COALITIONS.iter().position(|c| place(c) == coalition.place()).map_or(0.0, |i| COSTS[i])
    };
    Ok(CooperativeGame::costs(3, cost)?)
}

/// A coalition by the paper's numbers.
fn name(members: &[usize]) -> String {
    let members: Vec<String> = members.iter().map(|fleet| (fleet + 1).to_string()).collect();
    format!("{{{}}}", members.join(", "))
}

/// Instances in which the energy falls as much as the paper says of the fleet that needs most alone.
fn halved(solved: &[Solved], reading: &str) -> Finding {
    let halved = |s: &Solved| {
        let most = (0..3).map(|fleet| s.energy(Coalition::EMPTY.with(fleet))).fold(0.0, f64::max);
        s.energy(s.game.grand_coalition()) <= 0.5 * most
    };
    let text = format!("{reading}: energy falls by half from the fleet that needs most alone");
    shown(&text, solved.iter().map(halved))
}

/// Instances in which a fleet has a negative share, as fleet 1 of the paper.
fn paid(solved: &[Solved], reading: &str) -> Finding {
    let paid = |s: &Solved| shapley(&s.game).iter().any(|share| *share < -EQUAL);
    shown(&format!("{reading}: a fleet is paid (a negative share)"), solved.iter().map(paid))
}

/// Shares of the members of a pair, by the Shapley value of the two.
fn shares_of_pair(game: &CooperativeGame, [a, b]: [usize; 2]) -> [f64; 2] {
    let pair = Coalition::EMPTY.with(a).with(b);
    let saved = game.alone(a) + game.alone(b) - game.worth(pair);
    [a, b].map(|fleet| game.alone(fleet) - saved / 2.0)
}

/// Finding on pairs that no member leaves for another pair: each pays less than with the third fleet.
fn only_stable_pair(game: &CooperativeGame) -> Finding {
    let pays = |fleet: usize, with: usize| shares_of_pair(game, [fleet, with])[0];
    // Both prefer each other to the third fleet.
    let is_stable = |&&[a, b]: &&[usize; 2]| {
        let third = 3 - a - b;
        pays(a, b) < pays(a, third) && pays(b, a) < pays(b, third)
    };
    let stable: Vec<String> = PAIRS.iter().filter(is_stable).map(|pair| name(pair)).collect();
    Finding::checked(
        "published costs: {2, 3} is the only stable pair",
        stable == ["{2, 3}"],
        format!("pairs whose members both pay less than in another pair: {}", stable.join(" and ")),
    )
}

/// Findings on coalitions, for one interpretation of demand.
fn findings(solved: &[Solved], reading: &str) -> Result<Vec<Finding>> {
    let grand_coalition = |s: &Solved| s.game.grand_coalition();
    let mut list = Vec::new();
    let say = |text: &str| format!("{reading}: {text}");
    if reading == ALL {
        let cheapest = |s: &Solved| s.game.proper().all(|c| s.game.total() <= s.game.worth(c) + EQUAL);
        list.push(follows(
            &say("the grand coalition costs least of all coalitions"),
            solved.iter().map(cheapest),
        ));
        let least = |s: &Solved| s.game.proper().all(|c| s.energy(grand_coalition(s)) <= s.energy(c) + EQUAL);
        list.push(mostly(
            &say("the grand coalition uses the least energy of all coalitions"),
            solved.iter().map(least),
        ));
        list.push(halved(solved, reading));
    } else {
        let saves =
            |s: &Solved| s.game.total() <= (0..3).map(|fleet| s.game.alone(fleet)).sum::<f64>() + EQUAL;
        list.push(follows(&say("the grand coalition costs less than all alone"), solved.iter().map(saves)));
    }
    let mut values = Vec::new();
    for solved in solved {
        let shares = shapley(&solved.game);
        let farthest = (0..3).max_by(|&a, &b| solved.distance(a).total_cmp(&solved.distance(b))).unwrap_or(0);
        let dearest = (0..3).max_by(|&a, &b| shares[a].total_cmp(&shares[b])).unwrap_or(0);
        values.push((
            farthest == dearest,
            objection(&solved.game, &shares).is_none(),
            !is_empty(&solved.game)?,
        ));
    }
    list.push(mostly(&say("the fleet farthest from demand pays most"), values.iter().map(|v| v.0)));
    list.push(paid(solved, reading));
    list.push(mostly(&say("there are stable shares (the Core is not empty)"), values.iter().map(|v| v.2)));
    list.push(mostly(&say("the Shapley value is stable"), values.iter().map(|v| v.1)));
    Ok(list)
}

const ALL: &str = "demand of all";
const MEMBERS: &str = "demand of members";
/// Other readings of the paper's case B, with demand of all.
const READINGS: [(&str, Size); 3] = [
    ("6 rides: 12 nodes", Size { trips: 6, ..CASE_B }),
    ("12 stops", Size { customers: Customers::Stops, ..CASE_B }),
    ("12 stops, depots apart", Size { customers: Customers::Stops, depots: Depots::Apart, ..CASE_B }),
];
const READINGS_NOTE: &str = "The paper's costs are energies times 0.247 $/kWh, and its grand coalition saves half of the \
    energy: its fleets hardly drive but to and from customers. Rides have distances that every coalition drives, which \
    leaves less to save. Savings come nearest to the published ones with customers as stops and depots far from each \
    other (12 stops, depots apart), which was found by trying readings of \"customer node\" and places of depots.";

/// Savings of the grand coalition [%], as the text on table III has them: half of the energy that the dearest fleet needs
/// alone, a quarter of that of the cheapest; its costs are energies times one price.
fn savings(solved: &[Solved], reading: &str) -> Vec<Figure> {
    let saved = |together: f64, alone: f64| 100.0 * (1.0 - together / alone);
    let energy = |solved: &Solved, place: usize| {
        let fleet = solved.as_in_case_b()[place];
        saved(solved.energy(solved.game.grand_coalition()), solved.energy(Coalition::EMPTY.with(fleet)))
    };
    let cost = |solved: &Solved| saved(solved.game.total(), solved.game.alone(solved.as_in_case_b()[0]));
    let published =
        [saved(ENERGIES[6], ENERGIES[0]), saved(ENERGIES[6], ENERGIES[1]), saved(COSTS[6], COSTS[0])];
    let values: [(&str, Vec<f64>, f64); 3] = [
        ("energy saved against fleet 1 alone", solved.iter().map(|s| energy(s, 0)).collect(), 25.0),
        ("energy saved against fleet 2 alone", solved.iter().map(|s| energy(s, 1)).collect(), 50.0),
        ("cost saved against fleet 1 alone", solved.iter().map(cost).collect(), 25.0),
    ];
    let figure = |((name, values, least), published): ((&str, Vec<f64>, f64), f64)| {
        Figure::mean(name, "%", &values).case(reading).published(published).rule(Rule::at_least(least))
    };
    values.into_iter().zip(published).map(figure).collect()
}

/// Coalitions of three fleets.
pub fn table_3(context: &Context<'_>) -> Result<Outcome> {
    let (solved, mut notes) = each(context, CASE_B, |instance, _| {
        Ok([Solved::of(instance.clone(), Demand::All)?, Solved::of(instance, Demand::Members)?])
    })?;
    let (all, members): (Vec<Solved>, Vec<Solved>) = solved.into_iter().map(|[a, b]| (a, b)).unzip();
    notes.push(NUMBERS.to_owned());
    notes.push(
        "In the paper every coalition serves all demand (its costs fall as coalitions grow), which is \"demand of all\"; \
         with \"demand of members\" each fleet brings its own riders."
            .to_owned(),
    );
    let bound = |solved: &[Solved]| solved.iter().filter(|solved| solved.binding > 0).count();
    let unserved = |solved: &[Solved]| -> usize {
        solved.iter().filter(|solved| solved.plans.iter().any(|plan| !plan.unserved.is_empty())).count()
    };
    notes.push(format!(
        "Limits of connectors or feeder came into play in {} of {} instances ({} with demand of members); in {} some \
         coalition leaves a ride unserved.",
        bound(&all),
        all.len(),
        bound(&members),
        unserved(&all),
    ));
    let mut figures = Vec::new();
    // The printed costs give the printed shares, up to the third decimal, which the paper truncates.
    for (fleet, share) in shapley(&published()?).into_iter().enumerate() {
        let figure = Figure::new(format!("share of fleet {}", fleet + 1), "$", share);
        figures.push(figure.case("published costs").published(SHAPLEY[fleet]).rule(Rule::Absolute(0.001)));
    }
    for (pair, published_shares) in PAIRS.into_iter().zip(PAIR_SHARES) {
        let shares = shares_of_pair(&published()?, pair);
        for (i, fleet) in pair.into_iter().enumerate() {
            let figure = Figure::new(format!("share of fleet {}", fleet + 1), "$", shares[i]);
            let case = format!("published costs, {}", name(&pair));
            figures.push(figure.case(case).published(published_shares[i]).rule(Rule::Absolute(0.001)));
        }
    }
    let mut rows = Vec::new();
    for (i, members) in COALITIONS.iter().enumerate() {
        let coalition_in = |solved: &Solved| {
            let order = solved.as_in_case_b();
            Coalition::from_iter(members.iter().map(|&fleet| order[fleet]))
        };
        let costs: Vec<f64> = all.iter().map(|solved| solved.game.worth(coalition_in(solved))).collect();
        let energies: Vec<f64> = all.iter().map(|solved| solved.energy(coalition_in(solved))).collect();
        figures.push(Figure::mean("cost", "$", &costs).case(name(members)).published(COSTS[i]));
        figures.push(Figure::mean("energy", "kWh", &energies).case(name(members)).published(ENERGIES[i]));
        rows.push((name(members), costs, energies));
    }
    for (place, published) in SHAPLEY.into_iter().enumerate() {
        let share = |solved: &Solved| shapley(&solved.game)[solved.as_in_case_b()[place]];
        let values: Vec<f64> = all.iter().map(share).collect();
        let figure = Figure::mean(format!("share of fleet {}", place + 1), "$", &values);
        figures.push(figure.case("{1, 2, 3}").published(published));
    }
    let mut table = Table::new("instances").integers("instance", 0..all.len() as i64);
    for (name, costs, energies) in rows {
        let plain: String = name.chars().filter(char::is_ascii_digit).collect();
        table =
            table.numbers(format!("cost_{plain}"), costs).numbers(format!("energy_{plain}_kwh"), energies);
    }
    figures.extend(savings(&all, ALL));
    let mut statements = vec![only_stable_pair(&published()?)];
    statements.extend(findings(&all, ALL)?);
    statements.extend(findings(&members, MEMBERS)?);
    for (reading, size) in READINGS {
        let (solved, _) = each(context, size, |instance, _| Solved::of(instance, Demand::All))?;
        figures.extend(savings(&solved, reading));
        statements.push(halved(&solved, reading));
        statements.push(paid(&solved, reading));
    }
    notes.push(READINGS_NOTE.to_owned());
    Ok(Outcome { figures, findings: statements, tables: vec![table], notes, ..Outcome::default() })
}
