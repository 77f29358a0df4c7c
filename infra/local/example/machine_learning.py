"""SageMaker in an account: a notebook that was left running, an endpoint that nobody asks anything, and models.

Invariant: an endpoint has a configuration, and that a model, as AWS demands.
"""

from accounts import Account
from local_aws import LocalAws
from metrics import Metrics

LARGE_MODELS = 12  # more than a page of ten
_LISTINGS = (
    ("sagemaker_notebook_instance", "list_notebook_instances", "NotebookInstances"),
    ("sagemaker_endpoint", "list_endpoints", "Endpoints"),
    ("sagemaker_endpoint_config", "list_endpoint_configs", "EndpointConfigs"),
    ("sagemaker_model", "list_models", "Models"),
)


def fill(aws: LocalAws, account_id: str, account: Account, region: str, metrics: Metrics) -> None:
    """Create a region's notebook, models and endpoint."""
    sagemaker = aws.client("sagemaker", account_id, region)
    role, tags = f"arn:aws:iam::{account_id}:role/sagemaker", [{"Key": "service", "Value": account.service}]
    image = f"763104351884.dkr.ecr.{region}.amazonaws.com/pytorch-inference:2.5"
    sagemaker.create_notebook_instance(
        NotebookInstanceName="exploration", InstanceType="ml.t3.xlarge", RoleArn=role, VolumeSizeInGB=50, Tags=tags
    )
    for number in range(LARGE_MODELS if account.size == "large" else 1):
        sagemaker.create_model(ModelName=f"ranking-{number}", ExecutionRoleArn=role, PrimaryContainer={"Image": image}, Tags=tags)
    variant = {"VariantName": "all", "ModelName": "ranking-0", "InitialInstanceCount": 1, "InstanceType": "ml.m5.xlarge"}
    sagemaker.create_endpoint_config(EndpointConfigName="ranking", ProductionVariants=[variant], Tags=tags)
    sagemaker.create_endpoint(EndpointName="ranking", EndpointConfigName="ranking", Tags=tags)
    dimensions = {"EndpointName": "ranking", "VariantName": "all"}
    metrics.add(region, "AWS/SageMaker", "Invocations", dimensions, 0, unit="None", every_s=60)


def count(aws: LocalAws, account_id: str, region: str) -> dict[str, int]:
    """How many of each there are."""
    sagemaker = aws.client("sagemaker", account_id, region)
    return {
        name: sum(len(page[key]) for page in sagemaker.get_paginator(operation).paginate()) for name, operation, key in _LISTINGS
    }
