"""Reports of a failed run hide whom its messages were about, wherever these said it."""

import json

from click.testing import CliRunner

from simulator.commands.rehearse import command


def test_no_file_and_no_line_of_a_failed_run_names_the_patient(written, platform_url, tmp_path):
    # The name stands in a field of another kind and in an unknown one; the step fails, so that it is told about.
    file = written(
        """
        - call: "1101"
        - call: "2201"
          with: {atddr_no: "$patient.psn_name", med_type: "$patient.certno", unheard_of: "$patient.psn_name"}
          expect: {mdtrt_id: "$patient.certno"}
        """
    )
    record, reports, raw = tmp_path / "m.jsonl", tmp_path / "r", tmp_path / "raw.jsonl"
    arguments = [str(file), "--use", "self", "--platform", platform_url, "--report", str(reports)]
    done = CliRunner().invoke(command, [*arguments, "--record", str(raw), "--unmasked"])
    assert raw.exists(), (done.output, done.exception)
    result = CliRunner().invoke(command, [*arguments, "--record", str(record)])
    assert result.exit_code == 1, result.output
    first = json.loads(raw.read_text(encoding="utf-8").splitlines()[0])
    person = json.loads(first["request"])["input"]["data"]
    exits = {path.name: path.read_text(encoding="utf-8") for path in [record, *reports.iterdir()]}
    exits["console"] = result.output
    assert set(exits) == {"m.jsonl", "report.html", "junit.xml", "results.json", "mistakes.json", "run.json", "console"}
    for secret in (person["psn_name"], person["certno"]):
        assert [name for name, said in exits.items() if secret in said] == []
