/**
 * What each function's role may do in the hub account and which member roles it may assume, decided by an IAM simulator.
 * Every row is also judged with the policy weakened, and has to fail then. The other side's trust is left open here:
 * simulation-trust.test.ts has it.
 */
import { test } from 'node:test';
import { ELSEWHERE, EXTERNAL_ID, HUB, MANIFESTS, MEMBER, ORGANIZATION } from './support/member-roles.ts';
import { type Policies, type Row, edit, judge } from './support/simulation.ts';
import { CORE_FUNCTIONS, type Plain, synthesize } from './support/stack.ts';

const HUB_STACK = synthesize(
  {
    actionRole: 'on',
    stackSetName: 'dev-polo-roles',
    hubOrganizationId: ORGANIZATION,
    slack: 'on',
    rolloutOus: 'r-ab12',
    provisioning: 'on',
    externalId: EXTERNAL_ID,
    hubAccountId: HUB,
    stacks: 'hub',
  },
  MANIFESTS,
);
const COLLECTORS = MANIFESTS.map(({ id }) => id);
const FUNCTIONS = [...CORE_FUNCTIONS, 'role-provisioner', ...COLLECTORS];
const READERS = ['account-discovery', 'access-verifier', ...COLLECTORS];
const EMITTERS = ['account-discovery', 'access-verifier', 'collection-dispatcher'];
/** By the statement that lets them. */
const STACK_SET_READERS: Readonly<Record<string, string>> = { 'access-verifier': 'ReadStackSet', 'role-provisioner': 'ReadStackSetOperations' };
const OWN_STACK = `arn:aws:cloudformation:eu-west-1:${HUB}:stack/dev-polo/6a7e8feb-b491-4cf7-a9f1-bf3703467718`;

const OPEN_TRUST = { Version: '2012-10-17', Statement: [{ Sid: 'Open', Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${HUB}:root` }, Action: 'sts:AssumeRole' }] };

function rightsOf(id: string): Policies {
  const [{ PolicyDocument }]: Plain[] = HUB_STACK.role(id).properties.Policies;
  const text = JSON.stringify(PolicyDocument).replaceAll('${AWS::Partition}', 'aws').replaceAll('${AWS::Region}', 'eu-west-1').replaceAll('${AWS::AccountId}', HUB).replaceAll('${AWS::StackId}', OWN_STACK);
  return { identity: { Rights: JSON.parse(text) } };
}

type Given = Pick<Row, 'expected' | 'edits'> & { what: string; action: string; resource: string; account?: string; context?: Record<string, string> };

function row(id: string, { what, expected, edits, action, resource, account = HUB, context = {} }: Given): Row {
  const principal = `arn:aws:iam::${HUB}:role/dev-polo-${id}`;
  const policies = rightsOf(id);
  if (action === 'sts:AssumeRole') policies.trust = OPEN_TRUST;
  return { name: `${id}: ${what}: ${expected}`, expected, policies, edits, request: { principal, action, resource, account, context } };
}

const role = (name: string, account = MEMBER): string => `arn:aws:iam::${account}:role/${name}`;
const grant = (action: string, resource: string): Row['edits'] => ({ granted: edit.allow(action, resource) });

function assuming(id: string): Given[] {
  const at = { action: 'sts:AssumeRole', account: MEMBER, context: { 'aws:ResourceOrgID': ORGANIZATION } };
  const reads = READERS.includes(id);
  const wider = (resource: string): Row['edits'] => (reads ? { 'any role': edit.set('AssumeReadRoles', 'Resource', 'arn:aws:iam::*:role/*') } : grant('sts:AssumeRole', resource));
  const denied = (what: string, resource: string): Given => ({ ...at, what, resource, expected: 'denied', edits: wider(resource) });
  const rows: Given[] = [
    denied("another environment's read role", role('prod-PoloReadRole')),
    denied('a role that AWS made for administrators', role('OrganizationAccountAccessRole')),
    denied('a read role under another path', role('team/dev-PoloReadRole')),
  ];
  rows.push(
    reads
      ? { ...at, what: 'the read role of a member account', resource: role('dev-PoloReadRole'), expected: 'allowed', edits: { 'not granted': edit.drop('AssumeReadRoles') } }
      : denied('the read role of a member account', role('dev-PoloReadRole')),
    id === 'access-verifier'
      ? { ...at, what: 'the action role', resource: role('dev-polo-action-role'), expected: 'allowed', edits: { 'not granted': edit.drop('AssumeActionRoles') } }
      : denied('the action role', role('dev-polo-action-role')),
  );
  if (reads) {
    rows.push({
      ...at,
      what: 'a read role in an organization that is not known',
      resource: role('dev-PoloReadRole', ELSEWHERE),
      account: ELSEWHERE,
      context: { 'aws:ResourceOrgID': 'o-zzzzzzzzzz' },
      expected: 'denied',
      edits: { 'any organization': edit.dropConditions('AssumeReadRoles') },
    });
  }
  return rows;
}

function owning(id: string): Given[] {
  const logs = (group: string): string => `arn:aws:logs:eu-west-1:${HUB}:log-group:/aws/lambda/${group}:log-stream:2026/11/21`;
  const queue = (env: string): string => `arn:aws:sqs:eu-west-1:${HUB}:${env}-polo-dead-letters`;
  const bus = (name: string): string => `arn:aws:events:eu-west-1:${HUB}:event-bus/${name}`;
  const set = (name: string): string => `arn:aws:cloudformation:eu-west-1:${HUB}:stackset/${name}:0123-4567`;
  const rows: Given[] = [
    { what: 'its own logs', action: 'logs:PutLogEvents', resource: logs(`dev-polo-${id}`), expected: 'allowed', edits: { 'not granted': edit.drop('WriteOwnLogs') } },
    { what: "another function's logs", action: 'logs:PutLogEvents', resource: logs('prod-polo-access-verifier'), expected: 'denied', edits: { 'any group': edit.set('WriteOwnLogs', 'Resource', '*') } },
    { what: 'the dead letters', action: 'sqs:SendMessage', resource: queue('dev'), expected: 'allowed', edits: { 'not granted': edit.drop('KeepFailedInvocations') } },
    { what: "another environment's dead letters", action: 'sqs:SendMessage', resource: queue('prod'), expected: 'denied', edits: { 'any queue': edit.set('KeepFailedInvocations', 'Resource', '*') } },
    { what: 'objects in the hub account', action: 's3:GetObject', resource: 'arn:aws:s3:::some-bucket/key', expected: 'denied', edits: grant('s3:GetObject', '*') },
  ];
  const emits = EMITTERS.includes(id);
  const readsStackSet = STACK_SET_READERS[id];
  rows.push(
    emits
      ? { what: "events on Polo's bus", action: 'events:PutEvents', resource: bus('dev-polo'), expected: 'allowed', edits: { 'not granted': edit.drop('EmitEvents') } }
      : { what: "events on Polo's bus", action: 'events:PutEvents', resource: bus('dev-polo'), expected: 'denied', edits: grant('events:PutEvents', bus('dev-polo')) },
    {
      what: "events on another environment's bus",
      action: 'events:PutEvents',
      resource: bus('prod-polo'),
      expected: 'denied',
      edits: emits ? { 'any bus': edit.set('EmitEvents', 'Resource', '*') } : grant('events:PutEvents', '*'),
    },
    id === 'account-discovery'
      ? { what: 'listing the organization', action: 'organizations:ListAccounts', resource: '*', expected: 'allowed', edits: { 'not granted': edit.drop('ReadOrganization') } }
      : { what: 'listing the organization', action: 'organizations:ListAccounts', resource: '*', expected: 'denied', edits: grant('organizations:ListAccounts', '*') },
    readsStackSet !== undefined
      ? { what: 'the stack set', action: 'cloudformation:ListStackInstances', resource: set('dev-polo-roles'), expected: 'allowed', edits: { 'not granted': edit.drop(readsStackSet) } }
      : { what: 'the stack set', action: 'cloudformation:ListStackInstances', resource: set('dev-polo-roles'), expected: 'denied', edits: grant('cloudformation:ListStackInstances', '*') },
    {
      what: 'another stack set',
      action: 'cloudformation:ListStackInstances',
      resource: set('prod-polo-roles'),
      expected: 'denied',
      edits: readsStackSet !== undefined ? { 'any stack set': edit.set(readsStackSet, 'Resource', '*') } : grant('cloudformation:ListStackInstances', '*'),
    },
  );
  return rows;
}

/** The secrets, and what nobody but the schema's migrator may ask of CloudFormation. */
function keeping(id: string): Given[] {
  const secret = (name: string): string => `arn:aws:secretsmanager:eu-west-1:${HUB}:secret:${name}`;
  const stack = (name: string): string => `arn:aws:cloudformation:eu-west-1:${HUB}:stack/${name}/6a7e8feb-b491-4cf7-a9f1-bf3703467718`;
  const reading = { action: 'secretsmanager:GetSecretValue' };
  const password = secret('dev-polo/clickhouse-password-AbCdEf');
  const slack = secret('dev-polo/slack-webhook-AbCdEf');
  const describing = { action: 'cloudformation:DescribeStacks' };
  const widened = { 'any secret': edit.set('ReadClickhousePassword', 'Resource', '*') };
  return [
    { ...reading, what: "ClickHouse's password", resource: password, expected: 'allowed', edits: { 'not granted': edit.drop('ReadClickhousePassword') } },
    { ...reading, what: "another environment's password", resource: secret('prod-polo/clickhouse-password-AbCdEf'), expected: 'denied', edits: widened },
    {
      ...reading,
      what: 'a secret whose name begins like it',
      resource: secret('dev-polo/clickhouse-password-of-admin-AbCdEf'),
      expected: 'denied',
      edits: { 'any name that begins so': edit.set('ReadClickhousePassword', 'Resource', secret('dev-polo/clickhouse-password-*')) },
    },
    { what: 'writing the password', action: 'secretsmanager:PutSecretValue', resource: password, expected: 'denied', edits: { 'any action': edit.set('ReadClickhousePassword', 'Action', 'secretsmanager:*') } },
    id === 'coverage-notifier'
      ? { ...reading, what: "Slack's address", resource: slack, expected: 'allowed', edits: { 'not granted': edit.drop('ReadSlackWebhook') } }
      : { ...reading, what: "Slack's address", resource: slack, expected: 'denied', edits: widened },
    id === 'schema-migrator'
      ? { ...describing, what: "the functions' stack", resource: OWN_STACK, expected: 'allowed', edits: { 'not granted': edit.drop('ReadOwnStack') } }
      : { ...describing, what: "the functions' stack", resource: OWN_STACK, expected: 'denied', edits: grant('cloudformation:DescribeStacks', OWN_STACK) },
    {
      ...describing,
      what: "another environment's stack",
      resource: stack('prod-polo'),
      expected: 'denied',
      edits: id === 'schema-migrator' ? { 'any stack': edit.set('ReadOwnStack', 'Resource', '*') } : grant('cloudformation:DescribeStacks', '*'),
    },
    {
      what: "deleting the functions' stack",
      action: 'cloudformation:DeleteStack',
      resource: OWN_STACK,
      expected: 'denied',
      edits: id === 'schema-migrator' ? { 'any action': edit.set('ReadOwnStack', 'Action', 'cloudformation:*') } : grant('cloudformation:DeleteStack', '*'),
    },
  ];
}

/** What serves the stack set: one function, one set, one region. */
function serving(id: string): Given[] {
  const set = (name: string): string => `arn:aws:cloudformation:eu-west-1:${HUB}:stackset/${name}:0123-4567`;
  const making = { action: 'cloudformation:CreateStackInstances', resource: set('dev-polo-roles'), context: { 'cloudformation:TargetRegion': 'us-east-1' } };
  const own = id === 'role-provisioner';
  const wider = (what: string, field: string, value: string): Row['edits'] => (own ? { [what]: edit.set('MakeStackInstances', field, value) } : grant(making.action, '*'));
  return [
    own
      ? { ...making, what: 'making instances of the stack set', expected: 'allowed', edits: { 'not granted': edit.drop('MakeStackInstances') } }
      : { ...making, what: 'making instances of the stack set', expected: 'denied', edits: grant(making.action, making.resource) },
    { ...making, what: 'making instances of another', resource: set('prod-polo-roles'), expected: 'denied', edits: wider('any stack set', 'Resource', '*') },
    {
      ...making,
      what: 'making instances in another region',
      context: { 'cloudformation:TargetRegion': 'eu-west-1' },
      expected: 'denied',
      edits: own ? { 'any region': edit.dropConditions('MakeStackInstances') } : grant(making.action, '*'),
    },
    ...['cloudformation:UpdateStackSet', 'cloudformation:DeleteStackSet', 'cloudformation:DeleteStackInstances'].map(
      (action): Given => ({
        what: action,
        action,
        resource: set('dev-polo-roles'),
        // The one that knows no region.
        context: action === 'cloudformation:DeleteStackSet' ? {} : making.context,
        expected: 'denied',
        edits: own ? { 'any action': edit.set('MakeStackInstances', 'Action', 'cloudformation:*') } : grant(action, '*'),
      }),
    ),
  ];
}

for (const id of FUNCTIONS) {
  for (const given of [...assuming(id), ...owning(id), ...keeping(id), ...serving(id)]) {
    const one = row(id, given);
    test(one.name, () => judge(one));
  }
}
