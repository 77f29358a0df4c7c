"""Makes AWS calls in the stack that the environment points at: a list of them on stdin, the list of answers on stdout, both JSON.

Each call is {"service", "operation", "arguments"} with optional "account_id" and "region"; operations are boto3's method names.
Invariant: the first call that is refused ends the program.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "infra/local/example"))

from local_aws import LocalAws  # noqa: E402

aws = LocalAws()
answers = []
for call in json.load(sys.stdin):
    client = aws.client(call["service"], call.get("account_id"), call.get("region"))
    answer = getattr(client, call["operation"])(**call["arguments"])
    answer.pop("ResponseMetadata", None)
    answers.append(answer)
print(json.dumps(answers, default=str))
