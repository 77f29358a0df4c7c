/**
 * Events about accounts as AWS documents them, in EventBridge's envelope, and others that only resemble them.
 * https://docs.aws.amazon.com/organizations/latest/userguide/orgs_cloudtrail-integration.html
 * https://docs.aws.amazon.com/controltower/latest/userguide/lifecycle-events.html
 */
import type { Plain } from './stack.ts';

const MANAGEMENT = '111122223333';
const TIME = '2026-11-21T03:00:00Z';
const SERVICE_EVENT = 'AWS Service Event via CloudTrail';
const API_CALL = 'AWS API Call via CloudTrail';

function envelope(source: string, detailType: string, region: string, detail: Plain): Plain {
  return { version: '0', id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718', 'detail-type': detailType, source, account: MANAGEMENT, time: TIME, region, resources: [], detail };
}

/** What a service tells by itself. */
function told(source: string, eventName: string, region: string, serviceEventDetails: Plain, detailType = SERVICE_EVENT): Plain {
  const service = source.replace('aws.', '');
  return envelope(source, detailType, region, {
    eventVersion: '1.08',
    userIdentity: { accountId: MANAGEMENT, invokedBy: `${service}.amazonaws.com` },
    eventTime: TIME,
    eventSource: `${service}.amazonaws.com`,
    eventName,
    awsRegion: region,
    sourceIPAddress: `${service}.amazonaws.com`,
    userAgent: `${service}.amazonaws.com`,
    requestParameters: null,
    responseElements: null,
    eventID: '0ad5f1fe-5dd2-4a76-8a5b-1a1d0f3c5b1f',
    readOnly: false,
    eventType: 'AwsServiceEvent',
    recipientAccountId: MANAGEMENT,
    serviceEventDetails,
  });
}

/** What somebody did. */
function called(source: string, eventName: string, requestParameters: Plain, readOnly = false): Plain {
  const service = source.replace('aws.', '');
  return envelope(source, API_CALL, 'us-east-1', {
    eventVersion: '1.08',
    userIdentity: { type: 'AssumedRole', arn: `arn:aws:sts::${MANAGEMENT}:assumed-role/Admin/jane`, accountId: MANAGEMENT },
    eventTime: TIME,
    eventSource: `${service}.amazonaws.com`,
    eventName,
    awsRegion: 'us-east-1',
    sourceIPAddress: '192.0.2.1',
    userAgent: 'aws-cli/2',
    requestParameters,
    responseElements: null,
    eventID: 'c2f51b5e-9d0e-4b5f-8f4d-1f2e3d4c5b6a',
    readOnly,
    eventType: 'AwsApiCall',
    recipientAccountId: MANAGEMENT,
  });
}

const ORGANIZATIONS = 'aws.organizations';
const CONTROL_TOWER = 'aws.controltower';
const JOINED = { accountId: '444455556666', joinedMethod: 'INVITED', joinedTime: TIME };
const DEPARTED = { accountId: '444455556666', departureMethod: 'REMOVED', departureTime: TIME };
const MANAGED = {
  organizationalUnit: { organizationalUnitName: 'Custom', organizationalUnitId: 'ou-ab12-l3zc8b3h' },
  account: { accountName: 'LifeCycle1', accountId: '444455556666' },
  state: 'SUCCEEDED',
  message: 'AWS Control Tower successfully created a managed account.',
  requestedTimestamp: TIME,
  completedTimestamp: TIME,
};
const CREATED = { id: 'car-examplecreateaccountrequestid111', state: 'SUCCEEDED', accountName: '****', accountId: '444455556666', requestedTimestamp: TIME, completedTimestamp: TIME };
const CLOSED = { accountId: '444455556666', state: 'SUCCEEDED', requestedTimestamp: TIME, completedTimestamp: TIME };

export const ACCOUNT_CHANGES: readonly Plain[] = [
  told(ORGANIZATIONS, 'CreateAccountResult', 'us-east-1', { createAccountStatus: CREATED }),
  told(ORGANIZATIONS, 'CloseAccountResult', 'us-east-1', { closeAccountStatus: CLOSED }),
  told(ORGANIZATIONS, 'AccountJoinedOrganization', 'us-east-1', JOINED),
  told(ORGANIZATIONS, 'AccountJoinedOrganization', 'us-east-1', JOINED, API_CALL),
  told(ORGANIZATIONS, 'AccountDepartedOrganization', 'us-east-1', DEPARTED),
  told(ORGANIZATIONS, 'AccountDepartedOrganization', 'us-east-1', DEPARTED, API_CALL),
  called(ORGANIZATIONS, 'MoveAccount', { accountId: '444455556666', sourceParentId: 'r-ab12', destinationParentId: 'ou-ab12-34567890' }),
  called(ORGANIZATIONS, 'RemoveAccountFromOrganization', { accountId: '444455556666' }),
  told(CONTROL_TOWER, 'CreateManagedAccount', 'eu-west-1', { createManagedAccountStatus: MANAGED }),
  told(CONTROL_TOWER, 'UpdateManagedAccount', 'eu-west-1', { updateManagedAccountStatus: MANAGED }),
];

export const OTHER_EVENTS: readonly Plain[] = [
  // Begun, not done: its end is an event of its own.
  called(ORGANIZATIONS, 'CreateAccount', { email: '****', accountName: '****' }),
  called(ORGANIZATIONS, 'CloseAccount', { accountId: '444455556666' }),
  // What discovery itself does: a rule that took these would set itself off for ever.
  called(ORGANIZATIONS, 'ListAccounts', null, true),
  called(ORGANIZATIONS, 'ListParents', { childId: '444455556666' }, true),
  called(ORGANIZATIONS, 'DescribeAccount', { accountId: '444455556666' }, true),
  called(ORGANIZATIONS, 'AttachPolicy', { policyId: 'p-1', targetId: '444455556666' }),
  told(CONTROL_TOWER, 'EnableGuardrail', 'eu-west-1', { enableGuardrailStatus: {} }),
  told(CONTROL_TOWER, 'SetupLandingZone', 'eu-west-1', { setupLandingZoneStatus: {} }),
  // The right name, told by somebody else, or in another kind of event.
  called('aws.servicecatalog', 'MoveAccount', {}),
  told('polo.account-discovery', 'CreateAccountResult', 'us-east-1', { createAccountStatus: CREATED }),
  { ...told(ORGANIZATIONS, 'CreateAccountResult', 'us-east-1', {}), 'detail-type': 'AWS Insight via CloudTrail' },
  { ...called(ORGANIZATIONS, 'MoveAccount', {}), detail: { requestParameters: { eventName: 'MoveAccount' } } },
];
