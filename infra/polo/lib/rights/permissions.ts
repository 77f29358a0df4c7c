/**
 * Every right that a function of Polo can have, one function of this file each; the stack says who gets which.
 * Invariant: no AWS managed policy, no action with a wildcard, no literal partition but those in ARNs that settings give.
 */
import { Aws } from 'aws-cdk-lib';
import { PolicyStatement, type PolicyStatementProps } from 'aws-cdk-lib/aws-iam';
import type { PoloConfig } from '../settings/polo-config.ts';
import { listedOrganizations, listsOwnOrganization, organizationReaderArn } from '../settings/hub-location.ts';
import { organizationReads } from './organization-permissions.ts';
import { actionRoleOf, readRoleOf } from '../settings/role-names.ts';
import { type StackSetToServe, readStackInstances } from './stack-set-permissions.ts';

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
  return assumeRole('AssumeReadRoles', [...new Set([memberRole(readRoleOf(config)), ...named, ...config.extraReadRoleArns])], config);
}

/** For access-verifier alone. */
export function assumeActionRoles(config: PoloConfig): PolicyStatement[] {
  const actionRole = actionRoleOf(config);
  return actionRole === undefined ? [] : [assumeRole('AssumeActionRoles', [memberRole(actionRole)], config)];
}

/** The roles that may list an organization the hub cannot list itself. */
export function assumeListingRoles(config: PoloConfig): PolicyStatement[] {
  const reader = listsOwnOrganization(config) ? organizationReaderArn(config) : undefined;
  const given = listedOrganizations(config)?.flatMap(({ role_arn }) => role_arn ?? []) ?? [];
  const roles = [...new Set([...given, ...(reader === undefined ? [] : [reader])])];
  return roles.length === 0 ? [] : [assumeRole('AssumeListingRoles', roles, config)];
}

/** The reads of discovery, where an organization is called directly. */
export function readOrganization(config: PoloConfig): PolicyStatement[] {
  return listsOwnOrganization(config) && organizationReaderArn(config) === undefined ? [organizationReads()] : [];
}

/** The stack set's instances, which a plain member account reads through the role that lists the organization. */
export function readStackSet(config: PoloConfig): PolicyStatement[] {
  const stackSet = servedStackSet(config);
  if (stackSet === undefined) return [];
  const reader = organizationReaderArn(config);
  return [reader === undefined ? readStackInstances(stackSet) : assumeRole('AssumeStackSetReader', [reader], config)];
}

/** The stack set as a function of the hub sees it: it is the management account's, which a hub elsewhere need not know. */
export function servedStackSet({ stackSetName, roles }: PoloConfig): StackSetToServe | undefined {
  return stackSetName === undefined ? undefined : { name: stackSetName, owner: roles.hubLocation === 'management-account' ? Aws.ACCOUNT_ID : '*' };
}

/** For schema-migrator: a migration is no part of a rollback, and only CloudFormation knows whether there is one. */
export function readOwnStack(): PolicyStatement {
  return new PolicyStatement({ sid: 'ReadOwnStack', actions: ['cloudformation:DescribeStacks'], resources: [Aws.STACK_ID] });
}

export function emitEvents(busName: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'EmitEvents',
    actions: ['events:PutEvents'],
    resources: [`${hubArn('events')}:event-bus/${busName}`],
  });
}

export function assumeRole(sid: string, resources: string[], config: PoloConfig): PolicyStatement {
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
