/** A hub in a plain member account: two roles in the management account, and what the functions get in place of rights. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../lib/settings/config.ts';
import { provisioningEnvironment, provisioningRights } from '../lib/rights/provisioning.ts';
import { EXTERNAL_ID, HUB, ORGANIZATION } from './support/member-roles.ts';
import { ROLLOUT, synthesizeRoles } from './support/roles-stack.ts';
import { CORE_FUNCTIONS, FIXTURE_COLLECTORS, type Plain, type SynthesizedStack, synthesize } from './support/stack.ts';

const MANAGEMENT = '222222222222';
const { stacks: _, ...SHARED } = ROLLOUT;
const BOTH = { ...SHARED, artifacts: 'stub' };
/** One file of settings for the hub and for the rollout. */
const PLAIN_ACCOUNT = { ...BOTH, hubLocation: 'member-account', managementAccountId: MANAGEMENT, provisioning: 'on', hubOrganizationId: ORGANIZATION };
const READER = `arn:\${AWS::Partition}:iam::${MANAGEMENT}:role/dev-polo-organization-reader`;
const PROVISIONER = `arn:\${AWS::Partition}:iam::${MANAGEMENT}:role/dev-polo-provisioner`;
const IDS = [...CORE_FUNCTIONS, ...FIXTURE_COLLECTORS];

const rolesOf = (stack: SynthesizedStack): string[] => stack.all('AWS::IAM::Role').map(({ properties }) => properties.RoleName);
const variables = (stack: SynthesizedStack, id: string): Plain => stack.function(id).properties.Environment.Variables;
const rights = (stack: SynthesizedStack, id: string): Plain[] => stack.role(id).properties.Policies[0].PolicyDocument.Statement;

test('the roles are there for a plain account, the second with provisioning', () => {
  const member = ['dev-PoloReadRole'];
  assert.deepEqual(rolesOf(synthesizeRoles(PLAIN_ACCOUNT).stack), [...member, 'dev-polo-organization-reader', 'dev-polo-provisioner']);
  assert.deepEqual(rolesOf(synthesizeRoles({ ...PLAIN_ACCOUNT, provisioning: 'off' }).stack), [...member, 'dev-polo-organization-reader']);
  assert.deepEqual(rolesOf(synthesizeRoles({ ...PLAIN_ACCOUNT, hubLocation: 'delegated-administrator' }).stack), []);
  assert.deepEqual(rolesOf(synthesizeRoles({ ...BOTH, provisioning: 'on' }).stack), member);
});

test('they trust exact functions of the hub, and have neither path nor wildcard', () => {
  const { stack, template } = synthesizeRoles({ ...PLAIN_ACCOUNT, rolePath: '/platform/' });
  const trusted: Record<string, string[]> = { 'dev-polo-organization-reader': ['account-discovery', 'access-verifier'], 'dev-polo-provisioner': ['role-provisioner'] };
  for (const [name, functions] of Object.entries(trusted)) {
    const { AssumeRolePolicyDocument, Path } = stack.one('AWS::IAM::Role', 'RoleName', name).properties;
    assert.equal(Path, undefined);
    assert.deepEqual(AssumeRolePolicyDocument.Statement, [
      {
        Sid: 'TrustFunctions',
        Effect: 'Allow',
        Principal: { AWS: `arn:\${AWS::Partition}:iam::${HUB}:root` },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: { 'sts:ExternalId': EXTERNAL_ID, 'aws:PrincipalOrgID': ORGANIZATION },
          ArnEquals: { 'aws:PrincipalArn': functions.map((id) => `arn:\${AWS::Partition}:iam::${HUB}:role/dev-polo-${id}`) },
        },
      },
    ]);
  }
  assert.deepEqual(Object.keys(template.Outputs).sort(), ['OrganizationReaderArn', 'ProvisionerArn', 'ReadRoleArn', 'TemplateVersion']);
  assert.ok(Buffer.byteLength(stack.json) < 51_200, `${Buffer.byteLength(stack.json)} bytes`);
});

test('without a known organization, the external id and the functions are what counts', () => {
  const { hubOrganizationId: _organization, ...settings } = PLAIN_ACCOUNT;
  const { AssumeRolePolicyDocument } = synthesizeRoles(settings).stack.one('AWS::IAM::Role', 'RoleName', 'dev-polo-provisioner').properties;
  assert.deepEqual(AssumeRolePolicyDocument.Statement[0].Condition.StringEquals, { 'sts:ExternalId': EXTERNAL_ID });
});

test('in a plain account no function has a right on Organizations or the stack set, but on the roles', () => {
  const stack = synthesize(PLAIN_ACCOUNT);
  const bound = { StringEquals: { 'aws:ResourceOrgID': ORGANIZATION } };
  const assume = (Sid: string, Resource: string): Plain => ({ Sid, Effect: 'Allow', Action: 'sts:AssumeRole', Resource, Condition: bound });
  for (const id of IDS) {
    const actions = rights(stack, id).flatMap(({ Action }) => Action);
    assert.deepEqual(actions.filter((action: string) => /^organizations:|StackSet|StackInstances/.test(action)), [], id);
    const inManagement = rights(stack, id).filter(({ Resource }) => JSON.stringify(Resource).includes(MANAGEMENT));
    const expected: Record<string, Plain[]> = { 'account-discovery': [assume('AssumeListingRoles', READER)], 'access-verifier': [assume('AssumeStackSetReader', READER)] };
    assert.deepEqual(inManagement, expected[id] ?? [], id);
  }
});

test('the two functions are told of the role, and no other function', () => {
  const stack = synthesize(PLAIN_ACCOUNT);
  for (const id of IDS) {
    const { POLO_ORGANIZATION_ROLE_ARN, POLO_STACK_SET_ROLE_ARN, POLO_STACK_SET_NAME, POLO_STACK_SET_CALL_AS } = variables(stack, id);
    const expected: Record<string, Plain[]> = { 'account-discovery': [READER, undefined, undefined], 'access-verifier': [undefined, READER, 'dev-polo-roles'] };
    assert.deepEqual([POLO_ORGANIZATION_ROLE_ARN, POLO_STACK_SET_ROLE_ARN, POLO_STACK_SET_NAME], expected[id] ?? [undefined, undefined, undefined], id);
    assert.equal(POLO_STACK_SET_CALL_AS, undefined);
  }
});

test('among listed organizations, the one without a role is listed through it', () => {
  const other = { id: 'o-f6g7h8i9j0', role_arn: 'arn:aws:iam::333333333333:role/polo-listing' };
  const stack = synthesize({ ...PLAIN_ACCOUNT, organizations: [{ exclude_ous: ['ou-ab12-34567890'] }, other] });
  const { POLO_ORGANIZATIONS, POLO_ORGANIZATION_ROLE_ARN } = variables(stack, 'account-discovery');
  assert.deepEqual(JSON.parse(POLO_ORGANIZATIONS), [{ exclude_ous: ['ou-ab12-34567890'], role_arn: READER }, other]);
  assert.equal(POLO_ORGANIZATION_ROLE_ARN, undefined);
  const [statement] = rights(stack, 'account-discovery').filter(({ Sid }) => Sid === 'AssumeListingRoles');
  assert.deepEqual(statement?.Resource, [READER, other.role_arn]);
});

test('an environment that Lambda would refuse is refused also where parts of it are known to CloudFormation alone', () => {
  const organizations = [{}, ...Array.from({ length: 50 }, (_item, index) => ({ id: `o-${'a'.repeat(10)}${index}`, role_arn: `arn:aws:iam::333333333333:role/polo-listing-${index}` }))];
  assert.throws(() => synthesize({ ...PLAIN_ACCOUNT, organizations }), /^SettingError: the environment of [a-z-]+ has \d+ bytes and Lambda allows 4096: shorten accounts or organizations$/);
});

for (const [mode, more] of [['explicit', { accounts: '333333333333' }], ['single', {}]] as const) {
  test(`mode ${mode} lists no organization, and reads the stack set all the same`, () => {
    const stack = synthesize({ ...PLAIN_ACCOUNT, mode, ...more });
    assert.equal(variables(stack, 'account-discovery').POLO_ORGANIZATION_ROLE_ARN, undefined);
    assert.ok(!JSON.stringify(rights(stack, 'account-discovery')).includes(MANAGEMENT));
    assert.equal(variables(stack, 'access-verifier').POLO_STACK_SET_ROLE_ARN, READER);
  });
}

const resolved = (config: ReturnType<typeof readConfig>): Plain[] => JSON.parse(
  JSON.stringify(provisioningRights(config).map((statement) => statement.toStatementJson())).replaceAll(/\$\{Token\[AWS\.(\w+)\.\d+\]\}/g, (_text, name: string) => `<${name}>`),
);
const STACK_SET = (account: string): string => `arn:<Partition>:cloudformation:<Region>:${account}:stackset/dev-polo-roles:*`;

test('provisioning gives rights on the one stack set, in the region of the roles', () => {
  for (const [settings, owner] of [
    [{ ...BOTH, provisioning: 'on' }, '<AccountId>'],
    [{ ...PLAIN_ACCOUNT, hubLocation: 'delegated-administrator' }, '*'],
  ] as const) {
    const [read, make, ...others] = resolved(readConfig({ ...settings }));
    assert.deepEqual(others, []);
    assert.deepEqual(read.Resource, STACK_SET(owner));
    assert.deepEqual(make, {
      Sid: 'MakeStackInstances',
      Effect: 'Allow',
      Action: ['cloudformation:CreateStackInstances', 'cloudformation:UpdateStackInstances'],
      Resource: [
        STACK_SET(owner),
        `arn:<Partition>:cloudformation:<Region>:${owner}:stackset-target/dev-polo-roles:*`,
        'arn:<Partition>:cloudformation:<Region>:*:type/resource/AWS-IAM-Role',
        'arn:<Partition>:cloudformation:<Region>:*:type/resource/AWS-IAM-Policy',
      ],
      Condition: { 'ForAllValues:StringEquals': { 'cloudformation:TargetRegion': ['us-east-1'] } },
    });
  }
});

test("the resource types that may be deployed are those of the member roles' template", () => {
  const { template } = synthesizeRoles({ ...BOTH, actionRole: 'on', deletableBucketArns: 'arn:aws:s3:::old-exports' });
  const body = JSON.parse(template.Resources.MemberRoles.Properties.TemplateBody);
  const types = [...new Set(Object.values<Plain>(body.Resources).map(({ Type }) => Type.replaceAll('::', '-')))];
  const [, make] = resolved(readConfig({ ...BOTH, provisioning: 'on' }));
  const allowed = make.Resource.flatMap((arn: string) => /type\/resource\/(.+)$/.exec(arn)?.[1] ?? []);
  assert.deepEqual(types.sort(), allowed.sort());
});

test('from a plain account the function may assume the role and nothing more; where provisioning is off it has nothing', () => {
  const config = readConfig({ ...PLAIN_ACCOUNT });
  const [assume, ...others] = resolved(config);
  assert.deepEqual([assume.Sid, assume.Action, assume.Resource, others], ['AssumeProvisioner', 'sts:AssumeRole', PROVISIONER.replace('${AWS::Partition}', '<Partition>'), []]);
  const off = readConfig({ ...PLAIN_ACCOUNT, provisioning: 'off' });
  assert.deepEqual([provisioningRights(off), provisioningEnvironment(off)], [[], {}]);
});

test('the function knows the stack set, its targets and its region', () => {
  const told = (settings: Record<string, unknown>): Plain => provisioningEnvironment(readConfig({ provisioning: 'on', ...settings }));
  const common = { POLO_STACK_SET_NAME: 'dev-polo-roles', POLO_ROLLOUT_OUS: 'ou-ab12-34567890,ou-ab12-45678901', POLO_ROLE_REGION: 'us-east-1' };
  assert.deepEqual(told(BOTH), common);
  assert.deepEqual(told({ ...BOTH, hubLocation: 'delegated-administrator', roleRegion: 'eu-west-1' }), { ...common, POLO_ROLE_REGION: 'eu-west-1', POLO_STACK_SET_CALL_AS: 'DELEGATED_ADMIN' });
  const { POLO_PROVISIONING_ROLE_ARN, ...others } = told(PLAIN_ACCOUNT);
  assert.deepEqual(others, common);
  assert.match(POLO_PROVISIONING_ROLE_ARN, /^arn:\$\{Token\[AWS\.Partition\.\d+\]\}:iam::222222222222:role\/dev-polo-provisioner$/);
});
