//! Incorrect price files: the message to the user.

use crate::support::cli::Dir;

/// Message of an import of this text on stderr; it must end with status 2 and leave no file.
fn refused(kind: &str, content: &str, options: &[&str]) -> String {
    let folder = Dir::new();
    folder.write("f.csv", content);
    let import = folder.gridfleet(["data", "import", kind, "f.csv", "-o", "x.parquet"]).args(options);
    let err = import.refused().err;
    assert!(!folder.at("x.parquet").exists());
    err
}

/// Two days of Nord Pool; `change` may alter any line (from 1).
fn elspot(change: impl Fn(usize, String) -> Option<String>) -> String {
    let mut lines = vec!["Elspot Prices in EUR/MWh;Hours;SE3;FI".to_string()];
    for day in 1..=2 {
        for hour in 0..24 {
            let next = (hour + 1) % 24;
            let price = 20 + hour;
            lines.push(format!("0{day}.02.2016;{hour:02} - {next:02};{price},{day}5;30,{hour:02}"));
        }
    }
    (1..).zip(lines).filter_map(|(line, text)| change(line, text)).map(|line| line + "\n").collect()
}

#[test]
fn nord_pool_files() {
    let se3 = ["--area", "SE3"];
    let only = |at: usize, new: &'static str| {
        elspot(move |line, text| Some(if line == at { new.to_string() } else { text }))
    };
    let gap = elspot(|line, text| (line != 7).then_some(text));
    insta::assert_snapshot!(refused("nordpool", &gap, &se3), @"
    error: f.csv:7: SE3: found no prices from 2016-02-01T04:00:00Z to 2016-02-01T05:00:00Z (1 slot), expected a price for each slot
      help: fill gaps with --gaps interpolate --gap-limit 2h or --gaps previous-week
    ");
    let cut = &elspot(|_, text| Some(text))[..300];
    insta::assert_snapshot!(refused("nordpool", cut, &se3), @"
    error: f.csv:10: found 2 cells, expected 4 cells, as in line 1
      help: the row or the file is cut off, or a file separated by commas has a decimal comma without quotation marks
    ");
    let mixed = only(9, "01.02.2016;07 - 08;1,027.15;30,07");
    insta::assert_snapshot!(refused("nordpool", &mixed, &se3), @"
    error: f.csv:9: SE3: found `1,027.15`, a decimal point, expected a decimal comma, as in line 2: `20,15`
      help: write all numbers of a file in one way
    ");
    let thousand = only(9, "01.02.2016;07 - 08;27.150;30,07");
    insta::assert_snapshot!(refused("nordpool", &thousand, &se3), @"
    error: f.csv:9: SE3: found `27.150`, read as 27150, expected a price of at most 1000 EUR/MWh, for the middle one is 32.25
      help: is a decimal sign missing or wrong, or the unit another?
    ");
    let skewed = only(9, "01.02.2016;07 - 09;27,15;30,07");
    insta::assert_snapshot!(refused("nordpool", &skewed, &se3), @"error: f.csv:9: Hours: found `07 - 09`, expected an hour such as `00 - 01`");
    let date = only(9, "32.13.2016;07 - 08;27,15;30,07");
    insta::assert_snapshot!(refused("nordpool", &date, &se3), @"error: f.csv:9: date: found `32.13.2016`, expected a date such as 31.12.2016 or 31-12-2016");
    let spaces = elspot(|_, text| Some(text.replace(';', " ")));
    insta::assert_snapshot!(refused("nordpool", &spaces, &se3), @"
    error: f.csv:1: found the columns Elspot Prices in EUR/MWh Hours SE3 FI, expected a Nord Pool table: a header whose second column is `Hours`, then a column per area
      help: columns are parted by semicolons, tabs, bars or commas: this file seems to use none
    ");
    insta::assert_snapshot!(refused("nordpool", "", &se3), @"
    error: f.csv: found an empty file, expected a text file of prices
      help: fetch it again
    ");
    insta::assert_snapshot!(refused("nordpool", &elspot(|_, text| Some(text)), &["--area", "NO9"]), @"error: f.csv:1: --area: found `NO9`, expected one of SE3, FI");
    let swapped = ",,SE3,\n,Hours,Up,Down\n1/2/2016,00 - 01,\"16,39\",\"17,00\"\n1/2/2016,01 - 02,\"16,00\",\"16,00\"\n";
    insta::assert_snapshot!(refused("nordpool-regulating", swapped, &se3), @"
    error: f.csv:3: SE3: found up 16.39 below down 17, as in every hour in which they differ, expected upward prices at or above downward ones
      help: the columns Up and Down are swapped
    ");
}

#[test]
fn tables_of_prices() {
    let hours: String =
        (0..48).map(|h| format!("2016-02-0{} {:02}:00,{},30.5\n", h / 24 + 1, h % 24, h % 24)).collect();
    let table = format!("time,hour of price,price\n{hours}");
    insta::assert_snapshot!(refused("dayahead", &table, &["--column", "hour of price", "--timezone", "UTC"]), @"
    error: f.csv:2: hour of price: found the hours of the day, one after the other, expected prices
      help: the columns may be swapped: name the one that holds prices
    ");
    insta::assert_snapshot!(refused("dayahead", &table, &["--timezone", "UTC"]), @"error: f.csv:1: --column: found 2 columns of prices, expected one of `hour of price`, `price`");
    insta::assert_snapshot!(refused("dayahead", &table, &["--column", "price"]), @"
    error: f.csv:2: time: found times without an offset, expected their time zone, or times with an offset
      help: name it, for example --timezone Europe/Berlin or --timezone UTC
    ");
    insta::assert_snapshot!(refused("dayahead", "a,b\n1,2\n", &["--column", "b"]), @r"
    error: f.csv: time: found only the columns a, b, expected a column `time`
      help: name the column of times with --time-column, such as time
    ");
    let swapped = "time,price\n30.5,2016-02-01 00:00\n31.5,2016-02-01 01:00\n";
    insta::assert_snapshot!(refused("dayahead", swapped, &["--timezone", "UTC"]), @r"
    error: f.csv:2: price: found `2016-02-01 00:00`, expected a number
      help: this looks like a time: the columns may be swapped
    error: f.csv:3: price: found `2016-02-01 01:00`, expected a number
      help: this looks like a time: the columns may be swapped
    2 problems
    ");
    let wild = "time,price\n2016-02-01 00:00,1\n2016-02-01 01:00,2\n2016-02-01 02:00,2\n2016-02-01 02:30,3\n";
    insta::assert_snapshot!(refused("dayahead", wild, &["--timezone", "UTC"]), @"error: f.csv:5: price: found 2016-02-01 02:30, 1800 s later, expected a whole number of slots of 3600 s behind the row before");
    let unbelievable = "time,price\n2016-02-01 00:00,35120\n2016-02-01 01:00,36210\n";
    insta::assert_snapshot!(refused("dayahead", unbelievable, &["--timezone", "UTC"]), @r"
    error: f.csv:2: price: found `35120`, read as 35120, expected a price of at most 20000 EUR/MWh, for the middle one is 36210
      help: is a decimal sign missing or wrong, or the unit another?
    ");
}

#[test]
fn trades_and_reserve() {
    let head = "unit_price,qty,delivery_date,product,product_time\n";
    insta::assert_snapshot!(refused("intraday", &format!("{head}600,500,2018-01-30,Q,24Q1\n"), &[]), @"error: f.csv:2: product_time: found `24Q1`, expected a quarter such as 00Q1 or 23Q4");
    insta::assert_snapshot!(refused("intraday", &format!("{head}600,0,2018-01-30,Q,00Q1\n"), &[]), @"error: f.csv:2: qty: found `0`, expected a power above 0 and at most 10000000 kW");
    insta::assert_snapshot!(refused("intraday", &format!("{head}9000000,500,2018-01-30,Q,00Q1\n"), &[]), @"
    error: f.csv:2: unit_price: found `9000000`, expected at most 10000 EUR/MWh, in cents
      help: is a decimal sign missing, or are the columns swapped?
    ");
    insta::assert_snapshot!(refused("intraday", &format!("{head}600,500,2018-03-25,Q,02Q1\n"), &[]), @"error: f.csv:2: product_time: found `02Q1`, expected a quarter that the clock shows on that day");
    let tenders = "DATE_FROM;DATE_TO;PRODUCT;ENERGY_PRICE_[EUR/MWh];ENERGY_PRICE_PAYMENT_DIRECTION;ALLOCATED_CAPACITY_[MW]\n20.03.2017;26.03.2017;NEG_NT;5,5;GRID_TO_PROVIDER;10\n";
    let reserve = |tenders: &str, rows: &str| {
        let folder = Dir::new();
        folder.write("t.csv", tenders);
        folder.write("a.csv", format!("DATUM;UHRZEIT VON;UHRZEIT BIS;BETR. NEG;BETR. POS\n{rows}"));
        let args = ["data", "import", "srl", "t.csv", "--activation", "a.csv", "-o", "x.parquet"];
        folder.gridfleet(args).fails(2).err
    };
    insta::assert_snapshot!(reserve(tenders, "27.03.2017;00:00;00:15;1,5;1,5\n"), @"
    error: a.csv:2: DATUM: found 2017-03-27, for which no tender of NEG_NT is given, expected a tender whose week holds the day
      help: add the file of tender results of that week
    ");
    insta::assert_snapshot!(reserve(tenders, "24.03.2017;00:00;00:45;1,5;1,5\n"), @"error: a.csv:2: UHRZEIT BIS: found `00:45`, expected 00:15, a quarter of an hour behind UHRZEIT VON");
    insta::assert_snapshot!(reserve(tenders, "26.03.2017;02:00;02:15;1,5;1,5\n"), @"error: a.csv:2: UHRZEIT VON: found `26.03.2017 02:00`, which the clocks of Europe/Berlin skip, expected a time that the clock shows");
    insta::assert_snapshot!(reserve(tenders, "24.03.2017;00:00;00:15;-1,5;1,5\n"), @"error: a.csv:2: BETR. NEG: found `-1,5`, expected a power from 0 to 1000000 MW");
    insta::assert_snapshot!(reserve(&tenders.replace("NEG_NT", "NEG_12"), ""), @"error: t.csv:2: PRODUCT: found `NEG_12`, expected NEG_HT, NEG_NT, NEG_00_04, NEG_001 and the like, or POS");
    insta::assert_snapshot!(reserve(&tenders.replace("NEG_NT", "POS_NT"), ""), @"error: t.csv: found no offer of NEG reserve, expected offers with allocated power");
    insta::assert_snapshot!(reserve("a;b\n1;2\n", ""), @"
    error: t.csv:1: found the columns a, b, expected tender results: columns DATE_FROM, DATE_TO, PRODUCT, ENERGY_PRICE_[EUR/MWh], ENERGY_PRICE_PAYMENT_DIRECTION, ALLOCATED_CAPACITY_[MW]
      help: `gridfleet data describe FILE` shows the detected content of a file
    ");
}
