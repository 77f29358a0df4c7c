/** Settings: defaults, every wrong value as one sentence, and what may not stand together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../lib/settings/config.ts';
import { actionRoleOf, readRoleOf } from '../lib/settings/role-names.ts';
import { failsWith } from './support/failure.ts';
import type { Plain } from './support/stack.ts';

const STUB = { artifacts: 'stub' };
const LISTING_ROLE = 'arn:aws:iam::111111111111:role/polo-listing';

test('nothing but the stub gives the defaults', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(readConfig(STUB))), {
    env: 'dev',
    mode: 'organization',
    architecture: 'x86_64',
    artifacts: { kind: 'stub' },
    logRetentionDays: 30,
    retention: {},
    roleNames: { read: 'dev-PoloReadRole', action: 'dev-polo-action-role', path: '/' },
    extraReadRoleArns: [],
    accounts: [],
    regions: [],
    discoverySchedule: 'rate(1 hour)',
    accessCheckSchedule: 'rate(5 minutes)',
    dispatchSchedule: 'rate(5 minutes)',
    coverageSchedule: 'rate(5 minutes)',
    provisioningSchedule: 'rate(1 hour)',
    reservedConcurrency: {},
    secrets: { clickhousePassword: {} },
    page: { readers: [] },
    dayUsdAtMost: {},
    roles: {
      stacks: ['hub'],
      hubLocation: 'management-account',
      rolloutOus: [],
      roleRegion: 'us-east-1',
      callAs: 'SELF',
      provisioning: false,
      actionRole: false,
      deletableBucketArns: [],
      extraPrincipalArns: [],
    },
    alarms: { emails: [], runbookUrl: 'infra/polo/RUNBOOK.md' },
    forwarding: {},
    sweepSchedules: { hourly: 'cron(10 * * * ? *)', daily: 'cron(0 3 * * ? *)', weekly: 'cron(0 4 ? * MON *)' },
  });
});

test('the member roles are called after the environment, a prefix or none, unless they are named', () => {
  const named = (settings: Record<string, unknown>): Plain => readConfig({ ...STUB, env: 'prod', ...settings }).roleNames;
  assert.deepEqual(named({}), { read: 'prod-PoloReadRole', action: 'prod-polo-action-role', path: '/' });
  assert.deepEqual(named({ rolePrefix: 'acme.' }), { read: 'acme.PoloReadRole', action: 'acme.polo-action-role', path: '/' });
  assert.deepEqual(named({ rolePrefix: 'none', rolePath: '/platform/finops/' }), { read: 'PoloReadRole', action: 'polo-action-role', path: '/platform/finops/' });
  assert.deepEqual(named({ rolePrefix: 'acme.', readRoleName: 'reader', actionRoleName: 'actor', actionRole: 'on' }), { read: 'reader', action: 'actor', path: '/' });
});

test('the longest prefix leaves room for the longer name', () => {
  const { action } = readConfig({ ...STUB, rolePrefix: 'x'.repeat(48) }).roleNames;
  assert.equal(action.length, 64);
});

test('one switch makes the action role and tells the hub of it, and a path belongs to both roles', () => {
  const off = readConfig({ ...STUB, rolePath: '/platform/' });
  assert.deepEqual([readRoleOf(off), actionRoleOf(off)], ['platform/dev-PoloReadRole', undefined]);
  const on = readConfig({ ...STUB, rolePath: '/platform/', actionRole: 'on' });
  assert.deepEqual([readRoleOf(on), actionRoleOf(on)], ['platform/dev-PoloReadRole', 'platform/dev-polo-action-role']);
  const bare = readConfig({ ...STUB, actionRole: 'on' });
  assert.deepEqual([readRoleOf(bare), actionRoleOf(bare)], ['dev-PoloReadRole', 'dev-polo-action-role']);
});

test('as whom the stack set is called follows from where the hub is', () => {
  const elsewhere = { managementAccountId: '222222222222' };
  assert.equal(readConfig({ ...STUB, hubLocation: 'management-account' }).roles.callAs, 'SELF');
  assert.equal(readConfig({ ...STUB, hubLocation: 'delegated-administrator', ...elsewhere }).roles.callAs, 'DELEGATED_ADMIN');
  assert.equal(readConfig({ ...STUB, hubLocation: 'member-account', rolloutOus: 'r-ab12', hubAccountId: '111111111111', externalId: 'polo-x', ...elsewhere }).roles.callAs, 'SELF');
});

test('settings of the command line and of a file are read alike', () => {
  const organizations = [{ id: 'o-a1b2c3d4e5', role_arn: LISTING_ROLE, external_id: 'polo-1', include_ous: ['ou-ab12-34567890', 'r-ab12'], exclude_ous: [] }];
  const fromFile = readConfig({ ...STUB, organizations, regions: ['eu-west-1', 'us-east-1'], checkConcurrency: 20, sweepSchedules: { daily: 'rate(1 day)' } });
  const fromCommandLine = readConfig({
    ...STUB,
    organizations: JSON.stringify(organizations),
    regions: 'eu-west-1,us-east-1',
    checkConcurrency: '20',
    sweepSchedules: '{"daily":"rate(1 day)"}',
  });
  assert.deepEqual(fromCommandLine, fromFile);
  assert.deepEqual(fromFile.organizations, organizations);
  assert.equal(fromFile.checkConcurrency, 20);
  assert.deepEqual(fromFile.sweepSchedules, { hourly: 'cron(10 * * * ? *)', daily: 'rate(1 day)', weekly: 'cron(0 4 ? * MON *)' });
});

test('an empty include list stays: it means that no OU is included', () => {
  assert.deepEqual(readConfig({ ...STUB, organizations: [{ include_ous: [] }] }).organizations?.[0]?.include_ous, []);
});

test('explicit mode takes ids and role ARNs of any path', () => {
  const accounts = ['111111111111', 'arn:aws-cn:iam::222222222222:role/team/a/Reader'];
  assert.deepEqual(readConfig({ ...STUB, mode: 'explicit', accounts: accounts.join(',') }).accounts, accounts);
});

test('extra read roles are full ARNs or patterns of any account, path and name', () => {
  const arns = [
    'arn:aws:iam::*:role/platform/finops/*',
    'arn:aws:iam::111111111111:role/Reader',
    'arn:aws-us-gov:iam::*:role/team/*/reader-*',
    'arn:aws-cn:iam::222222222222:role/polo*',
  ];
  assert.deepEqual(readConfig({ ...STUB, extraReadRoleArns: arns.join(',') }).extraReadRoleArns, arns);
  assert.deepEqual(readConfig({ ...STUB, extraReadRoleArns: arns }).extraReadRoleArns, arns);
});

test('extra read roles may have names that only resemble the action role\'s', () => {
  const extraReadRoleArns = 'arn:aws:iam::*:role/dev-polo-reader*,arn:aws:iam::*:role/platform/dev-polo-action-role,arn:aws:iam::*:role/dev-polo-action-role-2';
  readConfig({ ...STUB, actionRole: 'on', extraReadRoleArns });
});

const ROLLOUT = { hubAccountId: '111111111111', externalId: 'polo-x', rolloutOus: 'ou-ab12-34567890,r-ab12' };

test('naming OUs adds the stack of the rollout, the hub\'s region that of the forwarder, and stacks says which are synthesized', () => {
  assert.deepEqual(readConfig({ ...STUB, ...ROLLOUT }).roles.stacks, ['hub', 'roles']);
  assert.deepEqual(readConfig({ ...STUB, ...ROLLOUT, stacks: 'hub' }).roles.stacks, ['hub']);
  assert.deepEqual(readConfig({ ...STUB, ...ROLLOUT, stacks: ['roles'] }).roles.stacks, ['roles']);
  assert.deepEqual(readConfig({ ...STUB, ...ROLLOUT, hubRegion: 'eu-west-1' }).roles.stacks, ['hub', 'roles', 'forwarder']);
});

test('hub and rollout agree on the name of the stack set without naming it', () => {
  const name = (settings: Record<string, unknown>): string | undefined => readConfig({ ...STUB, env: 'prod', ...settings }).stackSetName;
  for (const stacks of ['hub', 'roles', 'hub,roles']) assert.equal(name({ ...ROLLOUT, stacks }), 'prod-polo-roles');
  assert.equal(name({ ...ROLLOUT, stackSetName: 'polo-roles' }), 'polo-roles');
  assert.equal(name({}), undefined);
});

test('the rollout alone needs nothing of the hub', () => {
  assert.deepEqual(readConfig({ ...ROLLOUT, stacks: 'roles' }).roles, {
    stacks: ['roles'],
    hubLocation: 'management-account',
    hubAccountId: '111111111111',
    rolloutOus: ['ou-ab12-34567890', 'r-ab12'],
    roleRegion: 'us-east-1',
    callAs: 'SELF',
    provisioning: false,
    actionRole: false,
    deletableBucketArns: [],
    extraPrincipalArns: [],
    oidc: undefined,
  });
});

test('the forwarder alone needs nothing but its destination', () => {
  const { roles, forwarding } = readConfig({ stacks: 'forwarder', hubAccountId: '111111111111', hubRegion: 'eu-west-1' });
  assert.deepEqual([roles.stacks, roles.hubAccountId, forwarding.hubRegion], [['forwarder'], '111111111111', 'eu-west-1']);
});

test('a trust in tokens has one audience unless it is named', () => {
  const oidc = { oidcProvider: 'token.actions.githubusercontent.com', oidcSubject: 'repo:acme/finops:ref:refs/heads/main' };
  assert.equal(readConfig({ ...STUB, ...oidc }).roles.oidc?.audience, 'sts.amazonaws.com');
  assert.equal(readConfig({ ...STUB, ...oidc, oidcAudience: 'polo' }).roles.oidc?.audience, 'polo');
});

test('context keys of CDK itself are left alone', () => {
  readConfig({ ...STUB, 'cli-telemetry': false, 'aws:cdk:enable-path-metadata': true, '@aws-cdk/core:target-partitions': ['aws'] });
});

const NAME = 'write 1 to 20 lower-case letters, digits and inner hyphens, starting with a letter';
const URL_FIX = 'write an address such as https://clickhouse.example.com:8443, without user, password or query';
const ROLE = 'write a role name without path or wildcard; the path is the setting rolePath';
const PATH = 'write a path that begins and ends with a slash, such as /platform/';
const PREFIX = 'write at most 48 letters, digits and _+=,.@-, or none for names without a prefix';
const ACCOUNTS = 'list 12-digit account ids or role ARNs, each once';
const EXTRA_READ_ROLES =
  'list role ARNs, each once, in which the account may be * and the path or name may have * after its first character, such as arn:aws:iam::*:role/platform/reader-*';
const COVERS_ACTION_ROLE = 'it covers the action role dev-polo-action-role, which only access-verifier may assume; name the read roles more narrowly';
const NOT_ROLE_PATTERNS = [
  'PoloReader',
  'arn:aws:iam::*:role/*',
  'arn:aws:iam::*:role/*/reader',
  'arn:aws:iam::*:role/',
  'arn:aws:iam::*:role/platform/',
  'arn:aws:iam::*:role//reader',
  'arn:aws:iam::*:role/reader?',
  'arn:aws:iam::*:role/${aws:username}',
  'arn:aws:iam::*:user/reader',
  'arn:aws:iam::*:*',
  'arn:aws:iam::1111*:role/reader',
  'arn:aws:iam:::role/reader',
  'arn:*:iam::*:role/reader',
  'arn:aws:sts::*:role/reader',
  ' arn:aws:iam::*:role/reader',
];
const MANY_ROLES = Array.from({ length: 80 }, (_, index) => `arn:aws:iam::${100_000_000_000 + index}:role/reader`);
const ORGANIZATIONS = 'write a list such as [{"id":"o-a1b2c3d4e5","role_arn":"arn:...","external_id":"...","include_ous":["ou-..."]}]';
const EXTERNAL_ID = 'write 2 to 1224 letters, digits and _+=,.@:/-';
const RETENTION = 'write one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731';

const OUS = 'list OU or root ids, each once, such as ou-ab12-34567890 or r-ab12';
const BUCKETS = 'list bucket ARNs without wildcard or object, each once, such as arn:aws:s3:::old-exports';
const PRINCIPALS = 'list ARNs of roles or IAM users without wildcard, each once, such as arn:aws:iam::123456789012:user/port-ocean';
const PROVIDER = "write the provider's address without https://, such as oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF";
const SUBJECT = 'write one subject without wildcard, such as system:serviceaccount:port-ocean:port-ocean-aws-v3';

const EMAILS = 'list e-mail addresses, each once, such as oncall@example.com';
const RUNBOOK = 'write the address of the runbook, without #, such as https://wiki.example.com/polo/runbook';

const REFUSED: readonly [settings: Record<string, unknown>, sentence: string][] = [
  [{ env: 'Prod' }, `env is "Prod": ${NAME}`],
  [{ env: 'dev-' }, `env is "dev-": ${NAME}`],
  [{ env: 'an-environment-too-long' }, `env is "an-environment-too-long": ${NAME}`],
  [{ env: '' }, `env is "": ${NAME}, or leave the setting out`],
  [{ env: 7 }, `env is 7: ${NAME}`],
  [{ architecture: 'x64' }, 'architecture is "x64": write one of x86_64, arm64'],
  [{ mode: 'organisation' }, 'mode is "organisation": write one of organization, explicit, single'],
  [{ logRetentionDays: '10' }, `logRetentionDays is "10": ${RETENTION}`],
  [{ logRetentionDays: 'forever' }, `logRetentionDays is "forever": ${RETENTION}`],
  [{ clickhouseUrl: 'clickhouse.example.com' }, `clickhouseUrl is "clickhouse.example.com": ${URL_FIX}`],
  [{ clickhouseUrl: 'http://' }, `clickhouseUrl is "http://": ${URL_FIX}`],
  [{ clickhouseUrl: 'https://clickhouse.example.com:84433' }, `clickhouseUrl is "https://clickhouse.example.com:84433": ${URL_FIX}`],
  [{ clickhouseUrl: 'https://polo:hunter2@clickhouse.example.com' }, `clickhouseUrl holds more than an address: ${URL_FIX}`],
  [{ clickhouseUrl: 'https://clickhouse.example.com/?password=hunter2' }, `clickhouseUrl holds more than an address: ${URL_FIX}`],
  [{ clickhouseDatabase: 'polo; DROP' }, 'clickhouseDatabase is "polo; DROP": write a database name of letters, digits and underscores'],
  ...['a`b', '{shard}', 'my cluster'].map((clickhouseCluster): [Record<string, unknown>, string] => [
    { clickhouseCluster },
    `clickhouseCluster is "${clickhouseCluster}": write a name as in system.clusters, or {cluster}, or leave it out`,
  ]),
  [{ coverageSchedule: 'rate(1 minutes)' }, 'coverageSchedule is "rate(1 minutes)": EventBridge wants the singular for 1: write rate(1 minute)'],
  [{ provisioningSchedule: 'hourly' }, 'provisioningSchedule is "hourly": write rate(1 hour) or cron(0 3 * * ? *)'],
  [{ clickhouseUser: 'a b' }, 'clickhouseUser is "a b": write a user name without spaces'],
  [{ readRoleName: '*' }, `readRoleName is "*": ${ROLE}`],
  [{ readRoleName: 'team/PoloReadRole' }, `readRoleName is "team/PoloReadRole": ${ROLE}`],
  [{ actionRoleName: 'polo-*' }, `actionRoleName is "polo-*": ${ROLE}`],
  ...['platform', '/platform', 'platform/', '//', '/plat*/', `/${'x'.repeat(511)}/`].map((rolePath): [Record<string, unknown>, string] => [
    { rolePath },
    `rolePath is ${rolePath.length > 118 ? `"${rolePath.slice(0, 118)}…` : JSON.stringify(rolePath)}: ${PATH}`,
  ]),
  [{ rolePrefix: '' }, `rolePrefix is "": ${PREFIX}, or leave the setting out`],
  [{ rolePrefix: 'team/' }, `rolePrefix is "team/": ${PREFIX}`],
  [{ rolePrefix: 'x'.repeat(49) }, `rolePrefix is "${'x'.repeat(49)}": ${PREFIX}`],
  [{ externalId: 'x' }, `externalId is "x": ${EXTERNAL_ID}`],
  [{ hubOrganizationId: 'o-1' }, 'hubOrganizationId is "o-1": write an organization id, such as o-a1b2c3d4e5, or leave it out'],
  [{ stackSetName: 'polo:*' }, 'stackSetName is "polo:*": write a stack set name, or leave it out'],
  [{ regions: 'eu-west-1,europe' }, 'an entry of regions is "europe": no such AWS region; write one such as eu-west-1'],
  [{ regions: ['eu-west-1', 'eu-west-1'] }, 'an entry of regions is "eu-west-1": list region names, each once, such as eu-west-1'],
  [{ checkConcurrency: 0 }, 'checkConcurrency is 0: write a whole number from 1 to 1000'],
  [{ checkConcurrency: '4.5' }, 'checkConcurrency is "4.5": write a whole number from 1 to 1000'],
  [{ stsCallsPerSecond: 'many' }, 'stsCallsPerSecond is "many": write a whole number from 1 to 10000'],
  [{ putEventsPerSecond: 1_000_000 }, 'putEventsPerSecond is 1000000: write a whole number from 1 to 10000'],
  [{ discoverySchedule: 'rate(1 hours)' }, 'discoverySchedule is "rate(1 hours)": EventBridge wants the singular for 1: write rate(1 hour)'],
  [{ accessCheckSchedule: 'rate(5 minute)' }, 'accessCheckSchedule is "rate(5 minute)": EventBridge wants the plural for more than 1: write rate(5 minutes)'],
  [{ dispatchSchedule: '5m' }, 'dispatchSchedule is "5m": write rate(1 hour) or cron(0 3 * * ? *)'],
  [{ dayUsdAtMost: { cost: 1.5 } }, 'dayUsdAtMost.cost is 1.5: write an object from collector to USD as text, such as {"cost":"1.50"}'],
  [{ dayUsdAtMost: { cost: '-1' } }, 'dayUsdAtMost.cost is "-1": write an object from collector to USD as text, such as {"cost":"1.50"}'],
  [{ dayUsdAtMost: ['cost'] }, 'dayUsdAtMost is ["cost"]: write an object from collector to USD as text, such as {"cost":"1.50"}'],
  [{ sweepSchedules: { daily: '3:00' } }, 'sweepSchedules.daily is "3:00": write rate(1 hour) or cron(0 3 * * ? *)'],
  [{ sweepSchedules: { 'Every Day': 'rate(1 day)' } }, 'a name in sweepSchedules is "Every Day": write lower-case letters, digits and inner hyphens'],
  [{ sweepSchedules: '{daily}' }, 'sweepSchedules is "{daily}": it is not JSON (invalid symbol at line 1, column 2); write an object from sweep name to schedule, such as {"daily":"cron(0 3 * * ? *)"}'],
  [{ sweepSchedules: ['daily'] }, 'sweepSchedules is ["daily"]: write an object from sweep name to schedule, such as {"daily":"cron(0 3 * * ? *)"}'],
  [{ mode: 'explicit', accounts: '12345678901' }, `an entry of accounts is "12345678901": ${ACCOUNTS}`],
  [{ mode: 'explicit', accounts: '111111111111,111111111111' }, `an entry of accounts is "111111111111": ${ACCOUNTS}`],
  [{ mode: 'explicit', accounts: 'arn:aws:iam::222222222222:role/*' }, `an entry of accounts is "arn:aws:iam::222222222222:role/*": ${ACCOUNTS}`],
  [{ mode: 'explicit', accounts: 'arn:aws:iam::222222222222:user/me' }, `an entry of accounts is "arn:aws:iam::222222222222:user/me": ${ACCOUNTS}`],
  [{ mode: 'explicit' }, 'mode is "explicit" and accounts is missing: list the accounts, or choose another mode'],
  [{ accounts: '111111111111' }, 'accounts is given and mode is "organization": set mode to explicit, or leave accounts out'],
  [{ mode: 'single', organizations: [{}] }, 'organizations is given and mode is "single": set mode to organization, or leave organizations out'],
  [{ organizations: [] }, `organizations is []: ${ORGANIZATIONS}`],
  [{ organizations: 'o-a1b2c3d4e5' }, `organizations is "o-a1b2c3d4e5": it is not JSON (invalid symbol at line 1, column 1); ${ORGANIZATIONS}`],
  [{ organizations: ['o-a1b2c3d4e5'] }, `organizations[0] is "o-a1b2c3d4e5": ${ORGANIZATIONS}`],
  [{ organizations: [{ role: 'x' }] }, 'a field of organizations[0] is "role": an organization has id, role_arn, external_id, include_ous and exclude_ous'],
  [{ organizations: [{ id: 'a1b2c3d4e5' }] }, 'organizations[0].id is "a1b2c3d4e5": write an organization id, such as o-a1b2c3d4e5'],
  [{ organizations: [{ role_arn: 'arn:aws:iam::111111111111:role/*' }] }, 'organizations[0].role_arn is "arn:aws:iam::111111111111:role/*": write the ARN of the role that may list the organization'],
  [{ organizations: [{ external_id: 'x' }] }, `organizations[0].external_id is "x": ${EXTERNAL_ID}`],
  [{ organizations: [{ include_ous: ['Production'] }] }, 'organizations[0].include_ous is ["Production"]: list OU or root ids, such as ou-ab12-34567890 or r-ab12'],
  [{ organizations: [{ exclude_ous: 'r-ab12' }] }, 'organizations[0].exclude_ous is "r-ab12": list OU or root ids, such as ou-ab12-34567890 or r-ab12'],
  [{ organizations: [{}, {}] }, "2 of the organizations have no role_arn: only the hub's own organization can be listed without one"],
  [
    { organizations: [{ id: 'o-a1b2c3d4e5' }, { id: 'o-a1b2c3d4e5', role_arn: LISTING_ROLE }] },
    'organizations is "o-a1b2c3d4e5": each organization may be listed once',
  ],
  [
    { hubOrganizationId: 'o-a1b2c3d4e5', organizations: [{ role_arn: LISTING_ROLE }] },
    'organizations[0] has no id and hubOrganizationId is given, which limits Polo to organizations it knows: add the id',
  ],
  [
    { hubOrganizationId: 'o-a1b2c3d4e5', organizations: [{ id: 'o-zzzzzzzzzz' }] },
    'organizations[0].id is "o-zzzzzzzzzz": it has no role_arn, so it is the hub\'s own organization, o-a1b2c3d4e5',
  ],
  ...NOT_ROLE_PATTERNS.map((arn): [Record<string, unknown>, string] => [
    { extraReadRoleArns: arn },
    `an entry of extraReadRoleArns is ${JSON.stringify(arn)}: ${EXTRA_READ_ROLES}`,
  ]),
  [{ extraReadRoleArns: '' }, `extraReadRoleArns is "": ${EXTRA_READ_ROLES}, or leave the setting out`],
  [
    { extraReadRoleArns: 'arn:aws:iam::*:role/reader,arn:aws:iam::*:role/reader' },
    `an entry of extraReadRoleArns is "arn:aws:iam::*:role/reader": ${EXTRA_READ_ROLES}`,
  ],
  [
    { extraReadRoleArns: MANY_ROLES },
    `extraReadRoleArns has ${MANY_ROLES.join(',').length} characters and a role's policy has room for 3000: replace single roles by a pattern`,
  ],
  ...['dev-polo-action-role', 'dev-polo-*', 'd*', 'dev-*-role', 'dev-polo-action-role*', 'd**a*t*on-role'].map((role): [Record<string, unknown>, string] => [
    { actionRole: 'on', extraReadRoleArns: `arn:aws:iam::*:role/platform/*,arn:aws:iam::*:role/${role}` },
    `an entry of extraReadRoleArns is "arn:aws:iam::*:role/${role}": ${COVERS_ACTION_ROLE}`,
  ]),
  [
    { mode: 'explicit', actionRole: 'on', accounts: '111111111111,arn:aws:iam::222222222222:role/dev-polo-action-role' },
    `an entry of accounts is "arn:aws:iam::222222222222:role/dev-polo-action-role": ${COVERS_ACTION_ROLE}`,
  ],
  [
    { actionRole: 'on', rolePath: '/platform/', extraReadRoleArns: 'arn:aws:iam::*:role/platform/*' },
    'an entry of extraReadRoleArns is "arn:aws:iam::*:role/platform/*": it covers the action role platform/dev-polo-action-role, which only access-verifier may assume; name the read roles more narrowly',
  ],
  [{ actionRole: 'on', actionRoleName: 'DEV-PoloReadRole' }, 'actionRoleName is "DEV-PoloReadRole": it is also readRoleName; the two roles must differ'],
  [{ actionRoleName: 'actor' }, 'actionRoleName is "actor" and actionRole is "off": set actionRole to on, or leave actionRoleName out'],
  [
    { hubLocation: 'member-account', managementAccountId: '222222222222' },
    'hubLocation is "member-account" and rolloutOus is missing: list the OUs that get the roles, because the same stack makes the role through which Polo lists the organization; or give that role as role_arn of organizations, or set mode to explicit',
  ],
  [
    { hubLocation: 'delegated-administrator', stacks: 'hub,forwarder', hubAccountId: '111111111111', hubRegion: 'eu-west-1' },
    'hubLocation is "delegated-administrator", stacks has "forwarder" and managementAccountId is missing: set "managementAccountId" to the account from which the hub\'s bus takes events',
  ],
  [
    { readRoleName: 'dev-polo-access-verifier' },
    'readRoleName is "dev-polo-access-verifier": names that begin with dev-polo- are those of Polo\'s functions; choose another',
  ],
  [
    { hubRegion: 'eu-west-1', hubAccountId: '111111111111', clickhouseSecretArn: 'arn:aws:secretsmanager:us-east-1:111111111111:secret:polo/clickhouse-AbCdEf' },
    'clickhouseSecretArn is of us-east-1 and hubRegion is "eu-west-1": name one in the hub\'s region',
  ],
  [
    { artifacts: 'somewhere', clickhouseUrl: 'https://clickhouse.example.com', externalId: 'polo-x' },
    'clickhouseUser is missing, and the data stack would make a password for no user: set "clickhouseUser" or "clickhouseSecretArn", or set "clickhousePassword" to "none"',
  ],
  [{ hubLocation: 'elsewhere' }, 'hubLocation is "elsewhere": write one of management-account, delegated-administrator, member-account'],
  [
    { hubLocation: 'member-account' },
    'hubLocation is "member-account" and managementAccountId is missing: set "managementAccountId" to the account that holds the roles through which Polo lists the organization',
  ],
  ...['member-account', 'delegated-administrator'].map((hubLocation): [Record<string, unknown>, string] => [
    { hubLocation, hubAccountId: '111111111111', managementAccountId: '111111111111' },
    `hubLocation is "${hubLocation}", and hubAccountId and managementAccountId are both "111111111111": set hubLocation to management-account, or correct one of the ids`,
  ]),
  [
    { hubAccountId: '111111111111', managementAccountId: '222222222222' },
    'hubLocation is "management-account", hubAccountId is "111111111111" and managementAccountId is "222222222222": set hubLocation to delegated-administrator or member-account, or name one account',
  ],
  ...[
    [{ external_id: 'polo-y' }],
    [{ external_id: 'polo-y', role_arn: LISTING_ROLE }],
    [{ external_id: 'polo-y', role_arn: 'arn:aws:iam::222222222222:role/polo-listing', id: 'o-a1b2c3d4e5' }, { role_arn: LISTING_ROLE, id: 'o-f6g7h8i9j0' }],
  ].map((organizations): [Record<string, unknown>, string] => [
    { hubLocation: 'member-account', managementAccountId: '222222222222', externalId: 'polo-x', organizations },
    'organizations[0].external_id is "polo-y": the roles in the management account ask for externalId; leave external_id out, or make both the same',
  ]),
  [{ provisioning: 'yes' }, 'provisioning is "yes": write one of on, off'],
  [{ provisioning: 'on' }, 'provisioning is "on" and rolloutOus is missing: list the OUs whose accounts get the roles, or set provisioning to off'],
  [{ ...ROLLOUT, rolloutOus: 'Production' }, `an entry of rolloutOus is "Production": ${OUS}`],
  [{ ...ROLLOUT, rolloutOus: [] }, `rolloutOus is []: ${OUS}`],
  [{ ...ROLLOUT, stacks: 'hub,all' }, 'an entry of stacks is "all": list some of hub, roles, forwarder, page'],
  [{ ...ROLLOUT, hubAccountId: '1111' }, 'hubAccountId is "1111": write the 12-digit id of the account in which Polo runs'],
  [{ ...ROLLOUT, roleRegion: 'europe' }, 'roleRegion is "europe": no such AWS region; write one such as eu-west-1'],
  [{ actionRole: 'true' }, 'actionRole is "true": write one of on, off'],
  [{ deletableBucketArns: 'old-exports' }, `an entry of deletableBucketArns is "old-exports": ${BUCKETS}`],
  [{ deletableBucketArns: 'arn:aws:s3:::*' }, `an entry of deletableBucketArns is "arn:aws:s3:::*": ${BUCKETS}`],
  [{ extraPrincipalArns: 'arn:aws:iam::111111111111:root' }, `an entry of extraPrincipalArns is "arn:aws:iam::111111111111:root": ${PRINCIPALS}`],
  [{ extraPrincipalArns: 'arn:aws:iam::111111111111:role/*' }, `an entry of extraPrincipalArns is "arn:aws:iam::111111111111:role/*": ${PRINCIPALS}`],
  [{ oidcProvider: 'https://oidc.example.com' }, `oidcProvider is "https://oidc.example.com": ${PROVIDER}`],
  [{ oidcProvider: 'oidc.example.com', oidcSubject: 'system:*' }, `oidcSubject is "system:*": ${SUBJECT}`],
  [{ oidcAudience: '*' }, 'oidcAudience is "*": write one audience without wildcard, such as sts.amazonaws.com'],
  [{ oidcProvider: 'oidc.example.com' }, 'oidcProvider is given and oidcSubject is missing: name the one subject whose tokens may read'],
  [{ oidcSubject: 'system:x' }, 'oidcSubject is given and oidcProvider is missing: name the provider of the tokens'],
  [{ oidcAudience: 'polo' }, 'oidcAudience is given and oidcProvider is missing: name the provider of the tokens'],
  [{ deletableBucketArns: 'arn:aws:s3:::old-exports' }, 'deletableBucketArns is given and actionRole is "off": set actionRole to on, or leave deletableBucketArns out'],
  [{ stacks: 'roles', hubAccountId: '111111111111', externalId: 'polo-x' }, 'rolloutOus is missing: list the OUs whose accounts get the roles, or the root for all, such as r-ab12'],
  [{ rolloutOus: 'r-ab12', externalId: 'polo-x' }, 'hubAccountId is missing: set "hubAccountId" to the account whose functions the member roles trust'],
  [{ rolloutOus: 'r-ab12', hubAccountId: '111111111111' }, 'externalId is missing: set "externalId" to the value that the trust policies of the member roles require'],
  [{ stacks: 'forwarder', hubRegion: 'eu-west-1' }, 'hubAccountId is missing: set "hubAccountId" to the account whose bus receives the forwarded events'],
  [{ stacks: 'forwarder', hubAccountId: '111111111111' }, 'hubRegion is missing: set "hubRegion" to the region whose bus receives the forwarded events'],
  [{ hubRegion: 'europe' }, 'hubRegion is "europe": no such AWS region; write one such as eu-west-1'],
  [{ managementAccountId: '*' }, 'managementAccountId is "*": write the 12-digit id of the management account, or leave it out'],
  [{ alarmEmails: 'oncall' }, `an entry of alarmEmails is "oncall": ${EMAILS}`],
  [{ alarmEmails: 'oncall@example' }, `an entry of alarmEmails is "oncall@example": ${EMAILS}`],
  [{ alarmEmails: ['a@example.com', 'a@example.com'] }, `an entry of alarmEmails is "a@example.com": ${EMAILS}`],
  [{ runbookUrl: 'https://wiki.example.com/#polo' }, `runbookUrl is "https://wiki.example.com/#polo": ${RUNBOOK}`],
  [{ runbookUrl: 'RUNBOOK.md' }, `runbookUrl is "RUNBOOK.md": ${RUNBOOK}`],
  [
    { artifacts: 'somewhere', externalId: 'polo-x' },
    'clickhouseUrl is missing: set "clickhouseUrl" to https://..., or "artifacts" to "stub" to synthesize without deploying',
  ],
  [
    { artifacts: 'somewhere', clickhouseUrl: 'https://clickhouse.example.com' },
    'externalId is missing: set "externalId" to the value that the trust policies of the member roles require',
  ],
];

for (const [settings, sentence] of REFUSED) {
  test(`refused: ${sentence}`, () => failsWith(() => readConfig({ ...STUB, ...settings }), sentence));
}

for (const address of ['https://polo:hunter2@clickhouse.example.com', 'polo:hunter2@clickhouse.example.com', 'clickhouse.example.com?password=hunter2']) {
  test(`a password is never shown: ${address}`, () => {
    assert.throws(
      () => readConfig({ ...STUB, clickhouseUrl: address }),
      (error: Error) => error.name === 'SettingError' && !error.message.includes('hunter2'),
    );
  });
}

test('another organization may have its own external id, also where the hub is a plain account', () => {
  const organizations = [{ id: 'o-a1b2c3d4e5', external_id: 'polo-x' }, { id: 'o-f6g7h8i9j0', role_arn: LISTING_ROLE, external_id: 'polo-y' }];
  readConfig({ ...STUB, hubLocation: 'member-account', managementAccountId: '222222222222', hubAccountId: '111111111111', rolloutOus: 'r-ab12', externalId: 'polo-x', organizations });
});

test('an external id per organization is enough for a deployment', () => {
  readConfig({ artifacts: 'somewhere', clickhouseUrl: 'https://clickhouse.example.com', clickhouseUser: 'polo', organizations: [{ external_id: 'polo-1' }] });
});
