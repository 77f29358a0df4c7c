/**
 * What reading and serving the stack set takes, for whoever does it: a function of the hub, or a role in the management
 * account.
 * Invariant: nothing here makes, changes or deletes the stack set itself. A stack set belongs to the management account,
 * also where a delegated administrator made it.
 *
 * Actions and resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
 */
import { Aws } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';

export interface StackSetToServe {
  readonly name: string;
  /** The account that it belongs to; `*` where the hub does not know it. */
  readonly owner: string;
}

/** What the resource types of the member roles' template are called in an ARN. Whoever deploys them has to be allowed each. */
const RESOURCE_TYPES = ['AWS-IAM-Role', 'AWS-IAM-Policy'] as const;

export function readStackInstances(stackSet: StackSetToServe): PolicyStatement {
  return new PolicyStatement({
    sid: 'ReadStackSet',
    actions: ['cloudformation:DescribeStackSet', 'cloudformation:ListStackInstances'],
    resources: [arn(stackSet.owner, `stackset/${stackSet.name}:*`)],
  });
}

/** Instances are made and made anew in the one region of the roles, and how that went can be read. */
export function makeStackInstances(stackSet: StackSetToServe, roleRegion: string): PolicyStatement[] {
  const itself = arn(stackSet.owner, `stackset/${stackSet.name}:*`);
  return [
    new PolicyStatement({
      sid: 'ReadStackSetOperations',
      actions: ['cloudformation:DescribeStackSetOperation', 'cloudformation:ListStackInstances', 'cloudformation:ListStackSetOperationResults'],
      resources: [itself],
    }),
    new PolicyStatement({
      sid: 'MakeStackInstances',
      actions: ['cloudformation:CreateStackInstances', 'cloudformation:UpdateStackInstances'],
      // The types are AWS's own, whose ARNs have no account.
      resources: [itself, arn(stackSet.owner, `stackset-target/${stackSet.name}:*`), ...RESOURCE_TYPES.map((type) => arn('*', `type/resource/${type}`))],
      conditions: { 'ForAllValues:StringEquals': { 'cloudformation:TargetRegion': [roleRegion] } },
    }),
  ];
}

function arn(account: string, resource: string): string {
  return `arn:${Aws.PARTITION}:cloudformation:${Aws.REGION}:${account}:${resource}`;
}
