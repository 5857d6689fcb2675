//! Inputs that are not files, have no end, or contain endless values: one clear error each, exit status 2.

use assert_cmd::cargo::cargo_bin;
use std::path::Path;
use std::process::Command;

/// Exit status and stderr.
fn told(args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(cargo_bin("gridfleet"));
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Commands that read `input` as each kind of file.
fn readers(place: &Path, input: &str) -> Vec<Vec<String>> {
    let output = place.join("out").display().to_string();
    let set = |key: &str, value: &str| {
        let set = format!("--set={key}={value}");
        vec![
            "run".to_owned(),
            "scenarios/small.toml".to_owned(),
            set,
            "-q".to_owned(),
            "-o".to_owned(),
            output.clone(),
        ]
    };
    let plain = |args: &[&str]| args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>();
    vec![
        plain(&["validate", input]),
        plain(&["run", input, "-o", &output]),
        plain(&["study", input, "-o", &output]),
        plain(&["study", "merge", input, "-o", &output]),
        plain(&["train", input, "-o", &output]),
        plain(&["report", input]),
        plain(&["solve", "c-nash", input]),
        plain(&["solve", "routing", input]),
        plain(&["data", "describe", input]),
        plain(&["data", "import", "tlc", input, "--zones", input, "-o", &output]),
        set("trips.files", &format!("[{input:?}]")),
        set("stations_file", &format!("{input:?}")),
        set("retailers.0.tariff", &format!("{{ kind = \"real-time\", file = {input:?} }}")),
    ]
}

#[cfg(unix)]
#[test]
fn pipes_sockets_devices_loops_and_endless_files_are_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    std::os::unix::fs::symlink(at("loop"), at("loop")).unwrap();
    let mut inputs: Vec<String> =
        ["pipe", "socket", "loop"].map(|name| at(name).display().to_string()).to_vec();
    inputs.extend(["/dev/full".to_owned(), "/dev/zero".to_owned()]);
    // Ten gigabytes that take no space: alone, and behind the head of each kind of file.
    for (name, head) in [
        ("a.toml", "version = 1\n"),
        ("a.json", "{"),
        ("a.csv", "request_time,lat,lon\n"),
        ("a.parquet", "PAR1"),
        ("b.parquet", ""),
    ] {
        std::fs::write(at(name), head).unwrap();
        std::fs::OpenOptions::new().write(true).open(at(name)).unwrap().set_len(10 << 30).unwrap();
        inputs.push(at(name).display().to_string());
    }
    for input in &inputs {
        for args in readers(temporary.path(), input) {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let (status, err) = told(&args);
            assert_eq!(status, Some(2), "{args:?}: {err}");
            assert!(
                err.contains("error: ") && err.contains("found ") && err.contains("expected "),
                "{args:?}: {err}"
            );
            assert!(!err.contains("panicked") && err.len() < 4_000, "{args:?}: {err}");
        }
    }
    assert!(!at("out").exists());
}

#[test]
fn a_file_instead_of_a_folder_is_named() {
    let temporary = tempfile::tempdir().unwrap();
    let output = temporary.path().join("out").display().to_string();
    let (status, err) = told(&["study", "merge", "scenarios/small.toml", "-o", &output]);
    assert_eq!(status, Some(2));
    assert!(err.contains("small.toml: found a file, expected a folder of `gridfleet study`"), "{err}");
    let (status, err) = told(&["study", "merge", "nowhere", "-o", &output]);
    assert!(status == Some(2) && err.contains("nowhere: found no such folder"), "{err}");
}

/// Long values are shortened when they are repeated, and their length is stated.
#[test]
fn messages_repeat_no_more_than_the_beginning_of_a_long_value() {
    let temporary = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = temporary.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let long = "ab7-".repeat(2_500);
    let small = std::fs::read_to_string("scenarios/small.toml").unwrap();
    let small = small.replace("../datasets", &format!("{}/datasets", env!("CARGO_MANIFEST_DIR")));
    let mut scenarios = vec![
        small.replacen("[time]\n", &format!("[time]\n{long} = 1\n"), 1),
        small.replacen("[time]\n", &format!("[time]\nzzz = \"{long}\"\n"), 1),
        small.replacen("[time]\n", &format!("[{long}]\n[time]\n"), 1),
        format!("{small}\n{long}"),
        format!("{small}\nx = {long}"),
    ];
    for key in ["name", "currency", "seed", "version"] {
        let line = small.lines().find(|line| line.starts_with(&format!("{key} ")));
        scenarios.extend(line.map(|line| small.replacen(line, &format!("{key} = \"{long}\""), 1)));
    }
    let output = temporary.path().join("out").display().to_string();
    let mut commands: Vec<Vec<String>> = scenarios
        .iter()
        .enumerate()
        .map(|(i, text)| vec!["validate".to_owned(), write(&format!("{i}.toml"), text)])
        .collect();
    let run = |args: &[&str]| {
        let all = [&["run", "scenarios/small.toml", "-q", "-o", &output], args].concat();
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    for set in [
        format!("{long}=1"),
        format!("time.{long}=1"),
        format!("time.days={long}"),
        format!("time.start={long}"),
        format!("fleets.{long}.vehicles=3"),
        format!("operation.dispatch.kind={long}"),
        long.clone(),
        format!("trips.format={long}"),
        format!("trips.files=[\"{long}\"]"),
    ] {
        commands.push(run(&["--set", &set]));
    }
    commands.push(run(&["--policy", &long]));
    let stations = [
        format!("station,lat,lon,connectors,power_kw\nA,{long},-73.9,4,50\n"),
        format!("station,lat,lon,connectors,power_kw\nA,40.7,-73.9,{long},50\n"),
        format!("{long},lat,lon\nA,40.7,-73.9\n"),
        format!("station,lat,lon,connectors,power_kw\nA,40.7\n\"{long}"),
    ];
    for (i, text) in stations.iter().enumerate() {
        let file = write(&format!("stations{i}.csv"), text);
        commands.push(run(&["--set", &format!("stations_file={file:?}")]));
    }
    for (i, text) in [
        format!("{{\"{long}\": 1}}"),
        format!("{{\"stations\": \"{long}\"}}"),
        format!("{{\"stations\": [{{\"{long}\": \"{long}\"}}]}}"),
        format!("{{{long}"),
    ]
    .iter()
    .enumerate()
    {
        let file = write(&format!("{i}.json"), text);
        for game in ["c-nash", "stackelberg", "bilevel", "coalition", "routing"] {
            commands.push(["solve", game, &file].map(str::to_owned).to_vec());
        }
    }
    let mut cut = 0;
    for args in &commands {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (status, err) = told(&args);
        let shown: String = err.chars().take(3_000).collect();
        let called = format!("{:?}", args.iter().map(|arg| &arg[..arg.len().min(60)]).collect::<Vec<_>>());
        assert_eq!(status, Some(2), "{called}: {shown}");
        // A run of the value's letters as long as this would be the value in full.
        assert!(!err.contains(&long[..200]), "{called}: {shown}");
        cut += usize::from(err.contains("… (1"));
    }
    // Some messages repeat nothing of the value.
    assert!(cut >= 15, "{cut} of {} say how long a value is", commands.len());
}
