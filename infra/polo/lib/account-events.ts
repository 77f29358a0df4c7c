/**
 * What AWS tells of accounts that come, go or move, in the management account. It tells by CloudTrail, as best it can, and
 * so this only speeds things up: what is missed, the next scheduled discovery finds.
 * Invariant: the forwarder forwards exactly what the hub's rule takes, and no event here is caused by a listing of Polo's
 * own. Only exact values: every matcher of patterns knows them.
 */
import type { EventSelection } from './constructs/event-rule.ts';

/** Organizations: only in us-east-1. https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html */
const ORGANIZATIONS = [
  'CreateAccountResult',
  'CloseAccountResult',
  'AccountJoinedOrganization',
  'AccountDepartedOrganization',
  'MoveAccount',
  'RemoveAccountFromOrganization',
];

/** Control Tower: in its home region. https://docs.aws.amazon.com/controltower/latest/userguide/lifecycle-events.html */
const CONTROL_TOWER = ['CreateManagedAccount', 'UpdateManagedAccount'];

/** Both detail-types for all: of some events the documentation does not say which of the two it is. */
export const ACCOUNT_EVENTS: EventSelection = {
  sources: ['aws.organizations', 'aws.controltower'],
  detailTypes: ['AWS Service Event via CloudTrail', 'AWS API Call via CloudTrail'],
  matching: { eventName: [...ORGANIZATIONS, ...CONTROL_TOWER] },
};
