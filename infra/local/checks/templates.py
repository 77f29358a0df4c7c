"""Runs cfn-lint over every template that is synthesized, and parliament over every policy that grants something outside the hub.

    .tools/checks/bin/python infra/local/checks/templates.py

Checked are the local stack's templates (infra/polo/cdk.out), those of the example settings (infra/polo/settings/example.json), and those
of settings.json beside this file, which has what the example leaves out; what a StackSet holds is checked as a template of its own. For
parliament these are the member roles as they are rolled out, and the roles of the management account. Invariant: a finding counts unless
cfn-lint.yaml or parliament.yaml names its rule with a reason; nothing to check, and a kind of stack that no settings make, is a failure too.
"""

import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
APP = ROOT / "infra" / "polo"
sys.path.insert(0, str(HERE.parent))

warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)

import parliament  # noqa: E402
import yaml  # noqa: E402

from aws.template import Template  # noqa: E402

ACCOUNT_ID, REGION = "111122223333", "us-east-1"
SETTINGS = {"full": HERE / "settings.json", "example": APP / "settings" / "example.json"}
# What the names of templates end with, after the environment's name: each stack that there is.
STACKS = {"polo", "polo-data", "polo-roles", "polo-forwarder", "polo-page"}


def synthesize(settings: Path, folder: Path) -> None:
    """Write the app's templates with the settings of a file."""
    environment = {**os.environ, "CDK_OUTDIR": str(folder), "POLO_SETTINGS": str(settings)}
    if subprocess.run(["node", "--import", "tsx", "bin/polo.ts"], cwd=APP, env=environment, check=False).returncode != 0:
        raise SystemExit(f"error: the CDK app does not take {settings}: see above")


def templates(folder: Path) -> list[Path]:
    """The templates of a synthesis, those of the member roles included."""
    found = sorted([*folder.glob("*.template.json"), *folder.glob("member-roles/*.template.json")])
    if not found:
        raise SystemExit(f"error: {folder} has no template: synthesize the CDK app first")
    return found


def require_every_stack(paths: list[Path]) -> None:
    """Fail where a kind of stack is in no synthesis, and so would go unchecked."""
    made = {path.name.removesuffix(".template.json").partition("-")[2] for path in paths}
    if missing := STACKS - made:
        raise SystemExit(f"error: no settings make {', '.join(sorted(missing))}: switch them on in {SETTINGS['full']}")


def inner_templates(paths: list[Path], folder: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """What the StackSets of these templates deploy, written to files of their own, and with which parameters."""
    for path in paths:
        for logical_id, resource in json.loads(path.read_text())["Resources"].items():
            if resource["Type"] == "AWS::CloudFormation::StackSet":
                inner = folder / f"{path.name.removesuffix('.template.json')}-{logical_id}.template.json"
                inner.write_text(resource["Properties"]["TemplateBody"])
                given = resource["Properties"]["Parameters"]
                yield inner, {row["ParameterKey"]: row["ParameterValue"] for row in given}


def lint(paths: list[Path]) -> bool:
    """Whether cfn-lint finds nothing that counts."""
    command = [Path(sys.executable).parent / "cfn-lint", "--config-file", HERE / "cfn-lint.yaml", "--regions", REGION, "--", *paths]
    return subprocess.run(command, check=False).returncode == 0


def policies(path: Path, parameters: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every identity policy of a template: (where it is, its document)."""
    template = Template(path, ACCOUNT_ID, REGION, parameters, [])
    for logical_id, properties in template.of_type("AWS::IAM::Role"):
        for policy in template.resolve(properties.get("Policies", [])):
            yield f"{logical_id}/{policy['PolicyName']}", policy["PolicyDocument"]
    for logical_id, properties in template.of_type("AWS::IAM::Policy"):
        yield logical_id, template.resolve(properties["PolicyDocument"])


def audit(path: Path, parameters: dict[str, str], ignored: dict[str, list[str]]) -> tuple[int, bool]:
    """How many policies a template has, and whether parliament finds nothing that counts."""
    number, clean = 0, True
    for where, document in policies(path, parameters):
        number += 1
        # By its Python interface: parliament's command line reads a file only where there is a terminal.
        for finding in parliament.analyze_policy_string(json.dumps(document), where, ignore_private_auditors=True).findings:
            if where not in ignored.get(finding.issue, []):
                clean = False
                print(f"{path.name} {where}: {finding.issue} {finding.detail} {finding.location}")
    return number, clean


def main() -> int:
    """Check everything; say everything that was found."""
    ignored: dict[str, list[str]] = yaml.safe_load((HERE / "parliament.yaml").read_text())
    with tempfile.TemporaryDirectory() as temporary:
        outer = templates(APP / "cdk.out")
        for name, settings in SETTINGS.items():
            synthesize(settings, Path(temporary) / name)
            outer += templates(Path(temporary) / name)
        require_every_stack(outer)
        inner_folder = Path(temporary) / "inner"
        inner_folder.mkdir()
        inner = list(inner_templates(outer, inner_folder))
        if not inner:
            raise SystemExit("error: no template has a StackSet: the settings have to give rolloutOus")
        clean = lint([*outer, *(path for path, _ in inner)])
        number = 0
        # The stack of the rollout holds the roles of the management account, and takes no parameters.
        for path, parameters in [*inner, *((path, {}) for path in outer if path.name.endswith("-polo-roles.template.json"))]:
            found, fine = audit(path, parameters, ignored)
            number, clean = number + found, clean and fine
        if number == 0:
            raise SystemExit("error: no StackSet's template has a policy")
    print(f"{len(outer) + len(inner)} templates, {number} policies of roles outside the hub: {'nothing found' if clean else 'see above'}")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
