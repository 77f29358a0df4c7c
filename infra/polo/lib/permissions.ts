/**
 * Every right that a function of Polo can have, one function of this file each; the stack says who gets which.
 * Invariant: no AWS managed policy, no action with a wildcard, no literal partition but those in ARNs that settings give.
 */
import { Aws } from 'aws-cdk-lib';
import { PolicyStatement, type PolicyStatementProps } from 'aws-cdk-lib/aws-iam';
import type { PoloConfig } from './config.ts';

/** Writes to one log group and makes its streams; the group itself is made by this app, with its retention. */
export function writeOwnLogs(logGroupName: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'WriteOwnLogs',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [`${hubArn('logs')}:log-group:${logGroupName}:*`],
  });
}

/** Lambda hands over what failed for good with the function's own role. */
export function keepFailedInvocations(queueName: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'KeepFailedInvocations',
    actions: ['sqs:SendMessage'],
    resources: [`${hubArn('sqs')}:${queueName}`],
  });
}

/**
 * The read role in any account Polo watches, the roles that explicit mode names in full, and those that operators may
 * put in its place for single accounts: an override is a row in ClickHouse, and no row may widen what IAM allows.
 */
export function assumeReadRoles(config: PoloConfig): PolicyStatement {
  const named = config.accounts.filter((account) => account.startsWith('arn:'));
  return assumeRole('AssumeReadRoles', [...new Set([memberRole(config.readRoleName), ...named, ...config.extraReadRoleArns])], config);
}

/** For access-verifier alone. */
export function assumeActionRoles(config: PoloConfig): PolicyStatement[] {
  return config.actionRoleName === undefined ? [] : [assumeRole('AssumeActionRoles', [memberRole(config.actionRoleName)], config)];
}

/** The roles that may list an organization the hub cannot list itself. */
export function assumeListingRoles(config: PoloConfig): PolicyStatement[] {
  const roles = config.organizations?.flatMap((organization) => organization.role_arn ?? []) ?? [];
  return roles.length === 0 ? [] : [assumeRole('AssumeListingRoles', roles, config)];
}

/** The reads of discovery, where an organization is called directly. Most of these actions know no resource to name. */
export function readOrganization(config: PoloConfig): PolicyStatement[] {
  const direct = config.organizations?.some((organization) => organization.role_arn === undefined) ?? true;
  if (config.mode !== 'organization' || !direct) return [];
  return [
    new PolicyStatement({
      sid: 'ReadOrganization',
      actions: [
        'organizations:DescribeAccount',
        'organizations:DescribeOrganization',
        'organizations:DescribeOrganizationalUnit',
        'organizations:ListAccounts',
        'organizations:ListAccountsForParent',
        'organizations:ListOrganizationalUnitsForParent',
        'organizations:ListParents',
        'organizations:ListRoots',
        'organizations:ListTagsForResource',
      ],
      resources: ['*'],
    }),
  ];
}

/** A stack set belongs to the management account, also where the hub is a delegated administrator: hence any account. */
export function readStackSet(config: PoloConfig): PolicyStatement[] {
  if (config.stackSetName === undefined) return [];
  return [
    new PolicyStatement({
      sid: 'ReadStackSet',
      actions: ['cloudformation:DescribeStackSet', 'cloudformation:ListStackInstances'],
      resources: [`arn:${Aws.PARTITION}:cloudformation:${Aws.REGION}:*:stackset/${config.stackSetName}:*`],
    }),
  ];
}

export function emitEvents(busName: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'EmitEvents',
    actions: ['events:PutEvents'],
    resources: [`${hubArn('events')}:event-bus/${busName}`],
  });
}

function assumeRole(sid: string, resources: string[], config: PoloConfig): PolicyStatement {
  return new PolicyStatement({ sid, actions: ['sts:AssumeRole'], resources, ...onlyIn(knownOrganizations(config)) });
}

/** Where the hub's organization is known, roles outside it and outside the listed organizations are out of reach. */
function knownOrganizations(config: PoloConfig): string[] {
  if (config.hubOrganizationId === undefined) return [];
  const listed = config.organizations?.flatMap((organization) => organization.id ?? []) ?? [];
  return [...new Set([config.hubOrganizationId, ...listed])];
}

function onlyIn(organizations: string[]): Pick<PolicyStatementProps, 'conditions'> {
  if (organizations.length === 0) return {};
  return { conditions: { StringEquals: { 'aws:ResourceOrgID': organizations.length === 1 ? organizations[0] : organizations } } };
}

function memberRole(name: string): string {
  return `arn:${Aws.PARTITION}:iam::*:role/${name}`;
}

function hubArn(service: string): string {
  return `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}`;
}
