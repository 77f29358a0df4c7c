/** Rights: the exact list of every role, so that one right more or less anywhere fails. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CORE_FUNCTIONS, FIXTURE_COLLECTORS, type Plain, type SynthesizedStack, synthesize } from './support/stack.ts';

const IDS = [...CORE_FUNCTIONS, ...FIXTURE_COLLECTORS];
const HUB_ORGANIZATION = 'o-a1b2c3d4e5';
const OTHER_ORGANIZATION = 'o-f6g7h8i9j0';
const EXTRA_READ_ROLES = ['arn:aws:iam::*:role/platform/finops/*', 'arn:aws:iam::333333333333:role/Reader'];
const LISTING_ROLE = 'arn:aws:iam::111111111111:role/polo-listing';

const hub = (service: string, rest: string): string => `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${rest}`;
const member = (role: string): string => `arn:\${AWS::Partition}:iam::*:role/${role}`;

const basics = (id: string): Plain[] => [
  { Sid: 'WriteOwnLogs', Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: hub('logs', `log-group:/aws/lambda/dev-polo-${id}:*`) },
  { Sid: 'KeepFailedInvocations', Effect: 'Allow', Action: 'sqs:SendMessage', Resource: hub('sqs', 'dev-polo-dead-letters') },
  { Sid: 'ReadClickhousePassword', Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: hub('secretsmanager', 'secret:dev-polo/clickhouse-password-??????') },
];
const READ = { Sid: 'AssumeReadRoles', Effect: 'Allow', Action: 'sts:AssumeRole', Resource: member('dev-PoloReadRole') };
const withRoles = (...arns: string[]): Plain => ({ ...READ, Resource: [READ.Resource, ...arns] });
const ACT = { Sid: 'AssumeActionRoles', Effect: 'Allow', Action: 'sts:AssumeRole', Resource: member('dev-polo-action-role') };
const LIST = { Sid: 'AssumeListingRoles', Effect: 'Allow', Action: 'sts:AssumeRole', Resource: LISTING_ROLE };
const EMIT = { Sid: 'EmitEvents', Effect: 'Allow', Action: 'events:PutEvents', Resource: hub('events', 'event-bus/dev-polo') };
const ORGANIZATION = {
  Sid: 'ReadOrganization',
  Effect: 'Allow',
  Action: [
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
  Resource: '*',
};
const OWN_STACK = { Sid: 'ReadOwnStack', Effect: 'Allow', Action: 'cloudformation:DescribeStacks', Resource: '${AWS::StackId}' };
/** What no setting changes. */
const ALWAYS = { 'schema-migrator': [OWN_STACK] };
const STACK_SET = {
  Sid: 'ReadStackSet',
  Effect: 'Allow',
  Action: ['cloudformation:DescribeStackSet', 'cloudformation:ListStackInstances'],
  Resource: 'arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stackset/polo-roles:*',
};

function statementsOf(stack: SynthesizedStack, id: string): Plain[] {
  const { Policies } = stack.role(id).properties;
  assert.equal(Policies.length, 1);
  return Policies[0].PolicyDocument.Statement;
}

function assertRights(stack: SynthesizedStack, expected: Record<string, Plain[]>): void {
  const granted: Record<string, Plain[]> = { ...ALWAYS, ...expected };
  for (const id of IDS) assert.deepEqual(statementsOf(stack, id), [...basics(id), ...(granted[id] ?? [])], id);
}

const DEFAULT_RIGHTS = {
  'account-discovery': [READ, ORGANIZATION, EMIT],
  'access-verifier': [READ, EMIT],
  'collection-dispatcher': [EMIT],
  account_alias: [READ],
  config_ec2: [READ],
};

/** Every combination that grants something, each of which must keep to the limits below. */
const VARIANTS: Record<string, SynthesizedStack> = {
  defaults: synthesize(),
  everything: synthesize({
    actionRole: 'on',
    extraReadRoleArns: EXTRA_READ_ROLES.join(','),
    stackSetName: 'polo-roles',
    hubOrganizationId: HUB_ORGANIZATION,
    organizations: [{}, { id: OTHER_ORGANIZATION, role_arn: LISTING_ROLE }],
  }),
  explicit: synthesize({ mode: 'explicit', accounts: '111111111111,arn:aws:iam::222222222222:role/team/Reader' }),
  single: synthesize({ mode: 'single' }),
};
const variant = (name: string): SynthesizedStack => VARIANTS[name] ?? assert.fail(name);

test('the rights of the defaults', () => assertRights(variant('defaults'), DEFAULT_RIGHTS));

test('the rights with an action role, extra read roles, a stack set and a second organization, all bound to known organizations', () => {
  const bound = (statement: Plain): Plain => ({ ...statement, Condition: { StringEquals: { 'aws:ResourceOrgID': [HUB_ORGANIZATION, OTHER_ORGANIZATION] } } });
  const read = bound(withRoles(...EXTRA_READ_ROLES));
  assertRights(variant('everything'), {
    'account-discovery': [read, bound(LIST), ORGANIZATION, EMIT],
    'access-verifier': [read, bound(ACT), STACK_SET, EMIT],
    'collection-dispatcher': [EMIT],
    account_alias: [read],
    config_ec2: [read],
  });
});

test('with the hub organization known, roles outside it are out of reach', () => {
  const bound = { ...READ, Condition: { StringEquals: { 'aws:ResourceOrgID': HUB_ORGANIZATION } } };
  assertRights(synthesize({ hubOrganizationId: HUB_ORGANIZATION }), {
    ...DEFAULT_RIGHTS,
    'account-discovery': [bound, ORGANIZATION, EMIT],
    'access-verifier': [bound, EMIT],
    account_alias: [bound],
    config_ec2: [bound],
  });
});

test('organizations that are all listed through roles need no Organizations rights', () => {
  assertRights(synthesize({ organizations: [{ role_arn: LISTING_ROLE }] }), { ...DEFAULT_RIGHTS, 'account-discovery': [READ, LIST, EMIT] });
});

test('explicit and single mode need no Organizations rights; explicit reaches the roles it names', () => {
  assertRights(variant('single'), { ...DEFAULT_RIGHTS, 'account-discovery': [READ, EMIT] });
  const named = withRoles('arn:aws:iam::222222222222:role/team/Reader');
  assertRights(variant('explicit'), {
    'account-discovery': [named, EMIT],
    'access-verifier': [named, EMIT],
    'collection-dispatcher': [EMIT],
    account_alias: [named],
    config_ec2: [named],
  });
});

for (const mode of ['organization', 'single']) {
  test(`mode ${mode}: extra read roles are for the functions that may assume read roles, and for no other`, () => {
    const read = withRoles(...EXTRA_READ_ROLES);
    assertRights(synthesize({ mode, extraReadRoleArns: EXTRA_READ_ROLES.join(',') }), {
      'account-discovery': mode === 'organization' ? [read, ORGANIZATION, EMIT] : [read, EMIT],
      'access-verifier': [read, EMIT],
      'collection-dispatcher': [EMIT],
      account_alias: [read],
      config_ec2: [read],
    });
  });
}

test('explicit mode: extra read roles join the ones that accounts names, each once', () => {
  const accounts = '111111111111,arn:aws:iam::333333333333:role/Reader';
  const stack = synthesize({ mode: 'explicit', accounts, extraReadRoleArns: EXTRA_READ_ROLES.join(',') });
  const [finops, reader] = EXTRA_READ_ROLES;
  const [, , , statement] = statementsOf(stack, 'config_ec2');
  assert.deepEqual(statement.Resource, [READ.Resource, reader, finops]);
});

test('discovery knows the action role and has no right on it: only the verifier may assume it', () => {
  const stack = variant('everything');
  assert.equal(stack.function('account-discovery').properties.Environment.Variables.POLO_ACTION_ROLE_NAME, 'dev-polo-action-role');
  const holders = IDS.filter((id) => JSON.stringify(stack.role(id).properties).includes('action-role'));
  assert.deepEqual(holders, ['access-verifier']);
});

test('the longest lists that settings may hold fit into the policy of a role', () => {
  const roles = (count: number, name: string): string[] => Array.from({ length: count }, (_, index) => `arn:aws:iam::${100_000_000_000 + index}:role/${name}`);
  const longest = synthesize({
    mode: 'explicit',
    accounts: roles(74, 'Reader-of-the-hub'),
    extraReadRoleArns: roles(75, 'Other'),
    actionRole: 'on',
    actionRoleName: 'a'.repeat(64),
    stackSetName: 's'.repeat(128),
    hubOrganizationId: HUB_ORGANIZATION,
  });
  for (const id of IDS) {
    const length = JSON.stringify(longest.role(id).properties.Policies[0].PolicyDocument).length;
    assert.ok(length <= 10_240, `${id}: ${length} characters`);
  }
});

test('the roles under a path are assumed there, and the functions know it', () => {
  const stack = synthesize({ rolePath: '/platform/finops/', rolePrefix: 'none', actionRole: 'on' });
  const resources = (id: string): Plain[] => statementsOf(stack, id).filter(({ Action }) => Action === 'sts:AssumeRole').map(({ Resource }) => Resource);
  assert.deepEqual(resources('config_ec2'), [member('platform/finops/PoloReadRole')]);
  assert.deepEqual(resources('access-verifier'), [member('platform/finops/PoloReadRole'), member('platform/finops/polo-action-role')]);
  const { POLO_READ_ROLE_NAME, POLO_ACTION_ROLE_NAME } = stack.function('account-discovery').properties.Environment.Variables;
  assert.deepEqual([POLO_READ_ROLE_NAME, POLO_ACTION_ROLE_NAME], ['platform/finops/PoloReadRole', 'platform/finops/polo-action-role']);
});

test('the read role is the configured one', () => {
  const [, , , statement] = statementsOf(synthesize({ readRoleName: 'PoloReadRole' }), 'config_ec2');
  assert.deepEqual(statement, { ...READ, Resource: member('PoloReadRole') });
});

for (const [name, stack] of Object.entries(VARIANTS)) {
  test(`${name}: a role is for Lambda alone and holds its one policy, no managed ones`, () => {
    assert.deepEqual(stack.all('AWS::IAM::Role').map(({ properties }) => properties.RoleName).sort(), IDS.map((id) => `dev-polo-${id}`).sort());
    for (const id of IDS) {
      const { AssumeRolePolicyDocument, Policies, ...others } = stack.role(id).properties;
      assert.deepEqual(AssumeRolePolicyDocument.Statement, [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }]);
      assert.equal(Policies.length, 1);
      assert.deepEqual(Object.keys(others).sort(), ['Description', 'RoleName']);
    }
    for (const type of ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy']) assert.deepEqual(stack.all(type), []);
  });

  test(`${name}: who may assume roles, emit events, read the organization or the stack set`, () => {
    const holders = (prefix: string): string[] =>
      IDS.filter((id) => statementsOf(stack, id).some(({ Action }) => [Action].flat().some((action: string) => action.startsWith(prefix)))).sort();
    assert.deepEqual(holders('sts:'), ['access-verifier', 'account-discovery', 'account_alias', 'config_ec2']);
    assert.deepEqual(holders('events:'), ['access-verifier', 'account-discovery', 'collection-dispatcher']);
    assert.ok(holders('organizations:').every((id) => id === 'account-discovery'));
    assert.ok(holders('cloudformation:').every((id) => id === 'access-verifier' || id === 'schema-migrator'));
    assert.deepEqual(holders('secretsmanager:'), [...IDS].sort(), 'each has a store');
    assert.deepEqual(holders('kms:'), []);
    const actions = IDS.flatMap((id) => statementsOf(stack, id).flatMap(({ Action }) => Action));
    assert.ok(actions.every((action: string) => /^[a-z]+:[A-Za-z]+$/.test(action)), 'no wildcard in an action');
    const openStatements = IDS.flatMap((id) => statementsOf(stack, id)).filter(({ Resource }) => [Resource].flat().includes('*'));
    assert.ok(openStatements.every(({ Sid }) => Sid === 'ReadOrganization'), 'no other statement is for every resource');
  });
}
