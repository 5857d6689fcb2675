//! Scratch.
use gridfleet::scenario::Overrides;
use gridfleet::training::*;
use std::time::Instant;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let set: Vec<String> = args[2..].to_vec();
    let t = Instant::now();
    let course = Course::load(std::path::Path::new(&args[1]), &Overrides { set, ..Default::default() }).unwrap();
    println!("load {:.2} s", t.elapsed().as_secs_f64());
    let t = Instant::now();
    for i in 0..course.len(Set::Training) { course.outlooks(Set::Training, i).unwrap(); }
    println!("plan {} weeks {:.2} s", course.len(Set::Training), t.elapsed().as_secs_f64());
    let t = Instant::now();
    let (mut steps, mut reset) = (0, 0.0);
    let mut f = Vec::new();
    for i in 0..20 {
        let t2 = Instant::now();
        let week = course.week(Set::Training, i % course.len(Set::Training)).unwrap();
        let chain = gridfleet::policies::bidding::learned::Chain { before: vec![58], ahead: course.outlooks(Set::Training, (i + 1) % course.len(Set::Training)).unwrap() };
        let mut e = Environment::reset(&course, &week, gridfleet::policies::ObservationKind::Rich, chain);
        reset += t2.elapsed().as_secs_f64();
        loop { e.see(&mut f); steps += 1; if e.step(58).over { break; } }
        if i == 0 { println!("{:?} {f:?}", e.result()); }
    }
    let s = t.elapsed().as_secs_f64();
    println!("{} steps {:.2} s, {:.0}/s, reset {:.4} s", steps, s, f64::from(steps) / s, reset / 20.0);
    let t = Instant::now();
    let mut last = 0;
    let trained = train(course.clone(), |tr| { if tr.rounds() / 20 != last { last = tr.rounds() / 20; let c = tr.curve(); let n = c.len(); let m = c[n-20..].iter().map(|r| r.reward_eur).sum::<f64>() / 20.0; println!("{} {:.0} loss {:.2}", tr.steps(), m, c[n-1].loss); } Ok(()) }).unwrap();
    println!("trained {:.1} s", t.elapsed().as_secs_f64());
    let n = 20;
    let eval = |p: &Player| -> Vec<f64> { (0..n).map(|i| p.play(&course, Set::HeldOut, i).unwrap().profit_eur).collect() };
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let rl = eval(&Player::Learned(trained));
    println!("rl {:.1}", mean(&rl));
    for risks in [[0.5, 0.3], [0.4, 0.2], [0.3, 0.1], [0.3, 0.2], [0.4, 0.1], [0.3, 0.0], [0.4, 0.0], [0.5,0.1], [0.2, 0.1], [1.0, 0.1]] {
        let f = eval(&Player::Fixed(risks));
        let d: Vec<f64> = rl.iter().zip(&f).map(|(a, b)| a - b).collect();
        let m = mean(&d);
        let sd = (d.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / (n as f64 - 1.0)).sqrt();
        println!("{risks:?} {:.1}  rl - fixed {:.1} +- {:.1}", mean(&f), m, 2.093 * sd / (n as f64).sqrt());
    }
}
