# SPDX-License-Identifier: Apache-2.0
"""slipway predict --input: files of records. The answers are the library's (testdata/sklearn, examples/churn)."""
import bz2
import csv
import gzip
import json
import lzma
import os
import pathlib
import pty
import signal
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHURN = ROOT / "examples" / "churn" / "churn.pkl"
FIXTURES = ROOT / "testdata" / "sklearn"
EXACT = 1e-12  # relative; exp of two C libraries may differ in the last bit
MISSING_TEXTS = {"", "NA", "nan", "None", "null"}
# Classes by text, number and truth; two, three and ten of them; a table with and without names; several outputs.
MODELS = ["pipeline_dict_logistic_three-1.6.1", "labels_bool-1.6.1", "labels_float-1.6.1", "labels_unicode-1.6.1", "ten_labels-1.6.1",
          "logistic_named_columns-1.6.1", "scaler_logistic-1.6.1", "ard_table-1.6.1", "linear_outputs-1.6.1"]


def plain_cases(name):
    """The cases that CSV can say: every field is there, no lists, no nested values, no text that reads as a number."""
    cases = list(map(json.loads, (FIXTURES / name / "cases.jsonl").open(encoding="utf-8")))
    width = len(cases[0]["input"])

    def plain(value):
        return isinstance(value, (bool, int, float)) or (isinstance(value, str) and value not in MISSING_TEXTS and
                                                       not value.strip("-+. ")[:1].isdigit())

    def values(case):
        return list(case["input"].values()) if isinstance(case["input"], dict) else case["input"]

    return [case for case in cases if ("predict" in case or "numbers" in case) and len(values(case)) == width and
            all(map(plain, values(case)))]


def write_csv(path, names, records, **options):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, **options)
        writer.writerow(names)
        writer.writerows([[record.get(name, "") for name in names] for record in records])
    return path


def read_csv(text):
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture
def table(tmp_path, expected):
    """The example's known customers as CSV, with an index as pandas writes it."""
    names = ["", *expected[0]["input"]]
    return write_csv(tmp_path / "churn.csv", names, [{"": i, **case["input"]} for i, case in enumerate(expected)])


@pytest.mark.parametrize("name", MODELS)
def test_a_table_gets_the_librarys_answers(run, tmp_path, name):
    cases = plain_cases(name)
    assert len(cases) > 4
    records = [case["input"] if isinstance(case["input"], dict) else {f"c{i}": value for i, value in enumerate(case["input"])}
               for case in cases]
    names = list(dict.fromkeys(key for record in records for key in record))
    given = write_csv(tmp_path / "given.csv", names, records)
    flags = [] if isinstance(cases[0]["input"], dict) else ["--no-header"]
    if flags:
        given.write_text("".join(given.read_text().splitlines(keepends=True)[1:]))
    columns = "prediction,probabilities" if "predict_proba" in cases[0] else "prediction"
    done = run("predict", FIXTURES / name / "model.pkl", "--input", given, "--columns", columns, "--format", "json",
               "--contract", "ignore", *flags)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert len(answers) == len(cases)
    for answer, case in zip(answers, cases):
        values = list(answer.values())
        if "predict" in case:
            assert values[0] == case["predict"]
            assert values[1:] == pytest.approx(case["predict_proba"], rel=1e-9, abs=1e-15)
        else:
            numbers = case["numbers"] if isinstance(case["numbers"], list) else [case["numbers"]]
            assert values == pytest.approx(numbers, rel=1e-9)


def test_the_index_comes_first_and_the_numbers_are_the_librarys(run, table, expected):
    done = run("predict", CHURN, "--input", table)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == ",prediction,probability"
    for i, (row, case) in enumerate(zip(read_csv(done.stdout), expected, strict=True)):
        assert (row[""], int(row["prediction"])) == (str(i), case["prediction"])
        assert float(row["probability"]) == pytest.approx(case["probability"], rel=EXACT)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "json"])
def test_every_format_gives_every_format(run, tmp_path, table, expected, kind):
    records = [{"id": i, **case["input"]} for i, case in enumerate(expected)]
    given = {"csv": table, "jsonl": tmp_path / "g.jsonl", "json": tmp_path / "g.json"}[kind]
    if kind == "jsonl":
        given.write_text("".join(json.dumps(record) + "\n\n" for record in records))
    if kind == "json":
        given.write_text(json.dumps(records))
    for end in ("csv", "jsonl", "json"):
        output = tmp_path / f"out.{end}"
        done = run("predict", CHURN, "--input", given, "--output", output)
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
        text = output.read_text()
        rows = {"csv": read_csv, "jsonl": lambda t: [json.loads(line) for line in t.splitlines()], "json": json.loads}[end](text)
        assert [float(row["probability"]) for row in rows] == [pytest.approx(case["probability"], rel=EXACT) for case in expected]
        assert [str(list(row.values())[0]) for row in rows] == [str(i) for i in range(len(expected))]


def test_columns_of_a_json_file_are_a_table(run, tmp_path, expected):
    given = tmp_path / "columns.json"
    given.write_text(json.dumps({name: [case["input"][name] for case in expected] for name in expected[0]["input"]}))
    done = run("predict", CHURN, "--input", given, "--columns", "row,decision", "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert [row["row"] for row in read_csv(done.stdout)] == [str(i + 1) for i in range(len(expected))]


def test_standard_input_and_output_are_files_too(run, table):
    from_file = run("predict", CHURN, "--input", table)
    piped = run("predict", CHURN, "--input", "-", input=table.read_text())
    assert piped.returncode == 0 and piped.stdout == from_file.stdout


def test_a_semicolon_is_a_delimiter_when_it_is_asked_for(run, tmp_path, expected):
    names = list(expected[0]["input"])
    given = write_csv(tmp_path / "s.csv", names, [case["input"] for case in expected], delimiter=";")
    assert "--delimiter" in run("predict", CHURN, "--input", given).stderr
    for delimiter in (";", "auto"):
        assert len(read_csv(run("predict", CHURN, "--input", given, "--delimiter", delimiter).stdout)) == len(expected)


def spoil(table, line, field, value):
    rows = list(csv.reader(table.open(newline="")))
    rows[line - 1][rows[0].index(field)] = value
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return rows


def test_a_bad_value_stops_it_with_line_and_column_and_no_output(run, table, tmp_path):
    rows = spoil(table, 4, "tenure", "soon")
    column = len(",".join(rows[3][:rows[0].index("tenure")])) + 2
    output = tmp_path / "out.csv"
    done = run("predict", CHURN, "--input", table, "--output", output)
    assert done.returncode == 4
    assert f'{table}:4:{column}: field "tenure" takes number, not text' in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["churn.csv"]


def test_skip_leaves_bad_rows_out_and_counts_them(run, table, expected, tmp_path):
    rows = spoil(table, 4, "tenure", "soon")
    table.write_text(table.read_text() + "1,2,3\n")
    done = run("predict", CHURN, "--input", table, "--output", tmp_path / "out.csv", "--on-error", "skip", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["rows"], summary["skipped"]) == (len(expected) - 1, 2)
    assert [error.split(": ")[0].rsplit(":", 1)[0] for error in summary["errors"]] == [f"{table}:4", f"{table}:{len(rows) + 1}"]
    assert "the row has 3 fields, the header has 20" in summary["errors"][1]
    assert [row[""] for row in read_csv((tmp_path / "out.csv").read_text())] == [str(i) for i in range(len(expected)) if i != 2]


def test_only_the_first_twenty_bad_rows_are_listed(run, table):
    table.write_text(table.read_text() + "1,2,3\n" * 30)
    done = run("predict", CHURN, "--input", table, "--on-error", "skip", "--json")
    summary = json.loads(done.stderr)
    assert summary["skipped"] == 30 and len(summary["errors"]) == 20


def test_a_near_miss_in_the_header_is_refused_with_what_was_meant(run, table, tmp_path):
    table.write_text(table.read_text().replace("tenure", "Tenure", 1))
    done = run("predict", CHURN, "--input", table, "--output", tmp_path / "out.csv", "--on-error", "skip")
    assert done.returncode == 4
    assert 'unknown column "Tenure"; did you mean "tenure"?' in done.stderr and f"{table}:1:" in done.stderr
    assert "--keep" in done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_other_columns_are_ignored_and_named_once(run, table, expected):
    lines = table.read_text().splitlines()
    table.write_text("\n".join([lines[0] + ",customer_since", *[line + ",2019" for line in lines[1:]]]) + "\n")
    done = run("predict", CHURN, "--input", table, "--json")
    assert done.returncode == 0
    assert json.loads(done.stderr)["ignored"] == ["customer_since"]
    kept = run("predict", CHURN, "--input", table, "--keep", "customer_since,tenure")
    assert kept.stdout.splitlines()[0] == ",customer_since,tenure,prediction,probability"
    assert read_csv(kept.stdout)[0]["tenure"] == str(expected[0]["input"]["tenure"])
    assert run("predict", CHURN, "--input", table, "--contract", "strict").returncode == 4


def test_what_is_missing_or_was_not_seen_is_summed_up(run, table, expected):
    spoil(table, 2, "contract", "weekly")
    spoil(table, 3, "contract", "weekly")
    spoil(table, 3, "totalcharges", "NA")
    done = run("predict", CHURN, "--input", table)
    assert done.returncode == 0
    assert 'not seen in training: "contract" in 2 rows, such as "weekly"' in done.stderr
    assert 'missing: "totalcharges" in 1 row' in done.stderr
    assert len(read_csv(done.stdout)) == len(expected)


@pytest.mark.parametrize("wrong, said", [("probabilty", "knows no"), ("transform", "has no transform")])
def test_a_column_that_the_model_does_not_have_is_refused(run, table, wrong, said):
    done = run("predict", CHURN, "--input", table, "--columns", wrong)
    assert done.returncode == 2 and said in done.stderr and "prediction" in done.stderr


@pytest.mark.parametrize("end, compress", [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)])
def test_a_compressed_file_is_unpacked_on_the_way(run, table, tmp_path, end, compress):
    plain = run("predict", CHURN, "--input", table)
    packed = tmp_path / f"churn.csv{end}"
    packed.write_bytes(compress(table.read_bytes()))
    done = run("predict", CHURN, "--input", packed)
    assert done.returncode == 0 and done.stdout == plain.stdout
    packed.write_bytes(packed.read_bytes()[:-20])
    done = run("predict", CHURN, "--input", packed, "--output", tmp_path / "out.csv")
    assert done.returncode != 0 and "middle of its contents" in done.stderr and not (tmp_path / "out.csv").exists()


def test_compressed_standard_input_is_unpacked(slipway, run, table):
    done = subprocess.run([slipway, "predict", CHURN, "--input", "-"], input=gzip.compress(table.read_bytes()), capture_output=True,
                          check=False)
    assert done.returncode == 0 and done.stdout.decode() == run("predict", CHURN, "--input", table).stdout


def test_a_broken_line_of_json_is_named(run, tmp_path, customer):
    given = tmp_path / "g.jsonl"
    given.write_text(json.dumps(customer) + "\n{\"tenure\":\n" + json.dumps(customer) + "\n")
    done = run("predict", CHURN, "--input", given)
    assert done.returncode == 4 and f"{given}:2:1: the line is not JSON" in done.stderr
    assert len(run("predict", CHURN, "--input", given, "--on-error", "skip").stdout.splitlines()) == 2


def test_a_reader_that_goes_away_ends_it_quietly(slipway, tmp_path, table):
    lines = table.read_text().splitlines(keepends=True)
    table.write_text(lines[0] + "".join(lines[1:]) * 2000)
    process = subprocess.Popen([slipway, "predict", CHURN, "--input", table], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(20) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_killed_process_leaves_nothing(slipway, tmp_path, table, number):
    folder = tmp_path / "out"
    folder.mkdir()
    old = folder / "scores.csv"
    old.write_text("old\n")
    # Whatever a shell has started in the background ignores SIGINT, and so do its children.
    process = subprocess.Popen([slipway, "predict", CHURN, "--input", "-", "--output", old], stdin=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    process.stdin.write(table.read_bytes() * 1)
    process.stdin.flush()
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(number)
    assert process.wait(20) != 0
    process.stdin.close()
    assert [path.name for path in folder.iterdir()] == ["scores.csv"] and old.read_text() == "old\n"


def test_a_terminal_shows_progress_and_a_file_does_not(slipway, tmp_path, table):
    lines = table.read_text().splitlines(keepends=True)
    master, terminal = pty.openpty()
    process = subprocess.Popen([slipway, "predict", CHURN, "--input", "-", "--output", tmp_path / "o.csv"], stdin=subprocess.PIPE,
                               stderr=terminal)
    process.stdin.write((lines[0] + "".join(lines[1:]) * 100).encode())
    process.stdin.flush()
    time.sleep(0.3)
    process.stdin.write(("".join(lines[1:]) * 100).encode())
    process.stdin.close()
    assert process.wait(20) == 0
    os.close(terminal)
    shown = b""
    try:
        while piece := os.read(master, 4096):
            shown += piece
    except OSError:  # a terminal's way to say that it is the end
        pass
    os.close(master)
    assert b"\r" in shown and b"rows/s" in shown.split(b"\x1b[K")[0]
