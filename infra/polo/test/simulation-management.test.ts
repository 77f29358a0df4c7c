/**
 * The roles in the management account for a hub in a plain member account, decided by an IAM simulator: who may assume
 * them, and what they may do there. Every row is also judged with the policy weakened, and has to fail then.
 */
import { test } from 'node:test';
import { ELSEWHERE, EXTERNAL_ID, HUB, ORGANIZATION } from './support/member-roles.ts';
import { ROLLOUT, synthesizeRoles } from './support/roles-stack.ts';
import { type Edit, type Policies, type Row, type Verdict, edit, judge } from './support/simulation.ts';
import { type Plain, synthesize } from './support/stack.ts';

const MANAGEMENT = '111122223333';
const { stacks: _, ...SHARED } = ROLLOUT;
const SETTINGS = { ...SHARED, artifacts: 'stub', hubLocation: 'member-account', managementAccountId: MANAGEMENT, provisioning: 'on', hubOrganizationId: ORGANIZATION };
const { stack } = synthesizeRoles(SETTINGS);
const HUB_STACK = synthesize(SETTINGS);

function deployed<T>(policy: T, account = MANAGEMENT): T {
  return JSON.parse(JSON.stringify(policy).replaceAll('${AWS::Partition}', 'aws').replaceAll('${AWS::Region}', 'eu-west-1').replaceAll('${AWS::AccountId}', account));
}

const ROLES = { reader: 'dev-polo-organization-reader', provisioner: 'dev-polo-provisioner' } as const;
type Which = keyof typeof ROLES;
const trustOf = (which: Which): Plain => deployed(stack.one('AWS::IAM::Role', 'RoleName', ROLES[which]).properties.AssumeRolePolicyDocument);
const rightsOf = (which: Which): Plain => deployed(stack.one('AWS::IAM::Role', 'RoleName', ROLES[which]).properties.Policies[0].PolicyDocument);

const GOOD = { 'sts:ExternalId': EXTERNAL_ID, 'aws:PrincipalOrgID': ORGANIZATION };
const { 'sts:ExternalId': _id, ...NO_EXTERNAL_ID } = GOOD;
const { 'aws:PrincipalOrgID': _org, ...NO_ORGANIZATION } = GOOD;
const hub = (role: string): string => `arn:aws:iam::${HUB}:role/${role}`;
const OPEN = { Everything: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] } };

const ANY_PRINCIPAL = { 'any role of the hub account': edit.dropCondition('TrustFunctions', 'ArnEquals', 'aws:PrincipalArn') };
const ANY_EXTERNAL_ID = { 'any external id': edit.dropCondition('TrustFunctions', 'StringEquals', 'sts:ExternalId') };
const ANY_ORGANIZATION = { 'any organization': edit.dropCondition('TrustFunctions', 'StringEquals', 'aws:PrincipalOrgID') };
const ANY_ACCOUNT: Record<string, Edit> = {
  'any account': (policies) => {
    edit.set('TrustFunctions', 'Principal', { AWS: '*' })(policies);
    edit.dropCondition('TrustFunctions', 'ArnEquals', 'aws:PrincipalArn')(policies);
  },
};

interface Asking {
  readonly what: string;
  readonly principal: string;
  readonly context?: Record<string, string>;
  readonly expected: Verdict;
  readonly edits: Record<string, Edit>;
}

/** The caller's own side is left open here: an administrator's. */
function assuming(which: Which, { what, principal, context = GOOD, expected, edits }: Asking): Row {
  const policies: Policies = { identity: OPEN, trust: trustOf(which) };
  const request = { principal, action: 'sts:AssumeRole', resource: `arn:aws:iam::${MANAGEMENT}:role/${ROLES[which]}`, account: MANAGEMENT, context: { 'aws:PrincipalArn': principal, ...context } };
  return { name: `${ROLES[which]}: ${what}: ${expected}`, expected, policies, edits, request };
}

const FUNCTIONS = ['account-discovery', 'access-verifier', 'role-provisioner', 'collection-dispatcher', 'config_ec2', 'schema-migrator', 'status-page', 'coverage-notifier'];
function assumptions(which: Which, trusted: readonly string[]): Row[] {
  const [first = ''] = trusted;
  const principal = hub(`dev-polo-${first}`);
  const arn = hub(`dev-polo-${first}`);
  const rows: Asking[] = [
    ...FUNCTIONS.map((id): Asking =>
      trusted.includes(id)
        ? {
            what: id,
            principal: hub(`dev-polo-${id}`),
            expected: 'allowed',
            edits: { 'not trusted': edit.drop('TrustFunctions'), 'taken off the list': edit.set('TrustFunctions', 'Condition', { ArnEquals: { 'aws:PrincipalArn': [hub('dev-polo-nobody')] } }) },
          }
        : { what: id, principal: hub(`dev-polo-${id}`), expected: 'denied', edits: ANY_PRINCIPAL },
    ),
    { what: `${first}, as a session of its role`, principal: `arn:aws:sts::${HUB}:assumed-role/dev-polo-${first}/polo-run`, context: { ...GOOD, 'aws:PrincipalArn': arn }, expected: 'allowed', edits: { 'not trusted': edit.drop('TrustFunctions') } },
    { what: "another environment's function", principal: hub(`prod-polo-${first}`), expected: 'denied', edits: ANY_PRINCIPAL },
    { what: `${first} under a path`, principal: hub(`team/dev-polo-${first}`), expected: 'denied', edits: ANY_PRINCIPAL },
    { what: "an administrator's role in the hub account", principal: hub('aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123'), expected: 'denied', edits: ANY_PRINCIPAL },
    { what: `${first} of another account`, principal: `arn:aws:iam::${ELSEWHERE}:role/dev-polo-${first}`, expected: 'denied', edits: ANY_ACCOUNT },
    { what: 'a wrong external id', principal, context: { ...GOOD, 'sts:ExternalId': `${EXTERNAL_ID}x` }, expected: 'denied', edits: ANY_EXTERNAL_ID },
    { what: 'no external id', principal, context: NO_EXTERNAL_ID, expected: 'denied', edits: ANY_EXTERNAL_ID },
    { what: 'a hub account in another organization', principal, context: { ...GOOD, 'aws:PrincipalOrgID': 'o-zzzzzzzzzz' }, expected: 'denied', edits: ANY_ORGANIZATION },
    { what: 'a hub account in no organization', principal, context: NO_ORGANIZATION, expected: 'denied', edits: ANY_ORGANIZATION },
  ];
  return rows.map((asking) => assuming(which, asking));
}

type Given = Pick<Row, 'expected' | 'edits'> & { what: string; action: string; resource: string; context?: Record<string, string> };

function doing(which: Which, { what, expected, edits, action, resource, context }: Given): Row {
  const principal = `arn:aws:iam::${MANAGEMENT}:role/${ROLES[which]}`;
  return { name: `${ROLES[which]}: ${what}: ${expected}`, expected, policies: { identity: { Rights: rightsOf(which) } }, edits, request: { principal, action, resource, account: MANAGEMENT, context } };
}

const set = (name: string): string => `arn:aws:cloudformation:eu-west-1:${MANAGEMENT}:stackset/${name}:0123-4567`;
const target = (name: string): string => `arn:aws:cloudformation:eu-west-1:${MANAGEMENT}:stackset-target/${name}:0123-4567/ou-ab12-34567890`;
/** AWS's own types have no account in their ARN; the simulator, as the reference, writes one. */
const type = (name: string): string => `arn:aws:cloudformation:eu-west-1:${MANAGEMENT}:type/resource/${name}`;
const account = `arn:aws:organizations::${MANAGEMENT}:account/o-a1b2c3d4e5/${ELSEWHERE}`;
const grant = (action: string): Record<string, Edit> => ({ granted: edit.allow(action, '*') });
const can = (sid: string, what: string, action: string, resource: string, context?: Record<string, string>): Given => ({ what, action, resource, context, expected: 'allowed', edits: { 'not granted': edit.dropAction(sid, action) } });
const cannot = (what: string, action: string, resource: string, edits: Record<string, Edit> = grant(action), context?: Record<string, string>): Given => ({ what, action, resource, context, expected: 'denied', edits });

const READING: Given[] = [
  can('ReadOrganization', 'listing accounts', 'organizations:ListAccounts', '*'),
  can('ReadOrganization', 'listing roots', 'organizations:ListRoots', '*'),
  can('ReadOrganization', 'an account', 'organizations:DescribeAccount', account),
  can('ReadStackSet', 'the instances of the stack set', 'cloudformation:ListStackInstances', set('dev-polo-roles')),
  can('ReadStackSet', 'the stack set', 'cloudformation:DescribeStackSet', set('dev-polo-roles')),
  cannot('the instances of another stack set', 'cloudformation:ListStackInstances', set('prod-polo-roles'), { 'any stack set': edit.set('ReadStackSet', 'Resource', '*') }),
  cannot('a stack set whose name begins alike', 'cloudformation:ListStackInstances', set('dev-polo-roles-2'), { 'any stack set': edit.set('ReadStackSet', 'Resource', '*') }),
  cannot('creating an account', 'organizations:CreateAccount', '*', { 'every action': edit.set('ReadOrganization', 'Action', 'organizations:*') }),
  cannot('closing an account', 'organizations:CloseAccount', account, { 'every action': edit.set('ReadOrganization', 'Action', 'organizations:*') }),
  cannot('moving an account', 'organizations:MoveAccount', account, { 'every action': edit.set('ReadOrganization', 'Action', 'organizations:*') }),
  cannot('attaching a policy', 'organizations:AttachPolicy', account),
  cannot('making instances', 'cloudformation:CreateStackInstances', set('dev-polo-roles'), grant('cloudformation:CreateStackInstances')),
  cannot('deleting the stack set', 'cloudformation:DeleteStackSet', set('dev-polo-roles')),
  cannot('assuming a role', 'sts:AssumeRole', `arn:aws:iam::${ELSEWHERE}:role/OrganizationAccountAccessRole`),
];

const IN_REGION = { 'cloudformation:TargetRegion': 'us-east-1' };
const ANY_SET = { 'any stack set': edit.set('MakeStackInstances', 'Resource', '*') };
const ANY_REGION = { 'any region': edit.dropConditions('MakeStackInstances') };
const EVERY_ACTION: Record<string, Edit> = {
  'every action': (policies) => {
    edit.set('MakeStackInstances', 'Action', 'cloudformation:*')(policies);
    edit.dropConditions('MakeStackInstances')(policies);
  },
};
const PROVISIONING: Given[] = [
  ...['cloudformation:CreateStackInstances', 'cloudformation:UpdateStackInstances'].flatMap((action): Given[] => [
    can('MakeStackInstances', `${action} of its stack set`, action, set('dev-polo-roles'), IN_REGION),
    can('MakeStackInstances', `${action} in an OU`, action, target('dev-polo-roles'), IN_REGION),
    can('MakeStackInstances', `${action} with a role in the template`, action, type('AWS-IAM-Role'), IN_REGION),
    cannot(`${action} of another stack set`, action, set('prod-polo-roles'), ANY_SET, IN_REGION),
    cannot(`${action} in an OU, of another stack set`, action, target('prod-polo-roles'), ANY_SET, IN_REGION),
    cannot(`${action} with a user in the template`, action, type('AWS-IAM-User'), ANY_SET, IN_REGION),
    cannot(`${action} in another region`, action, set('dev-polo-roles'), ANY_REGION, { 'cloudformation:TargetRegion': 'eu-west-1' }),
  ]),
  can('ReadStackSetOperations', 'how an operation goes', 'cloudformation:DescribeStackSetOperation', set('dev-polo-roles')),
  can('ReadStackSetOperations', 'how it went in each account', 'cloudformation:ListStackSetOperationResults', set('dev-polo-roles')),
  can('ReadStackSetOperations', 'the instances of the stack set', 'cloudformation:ListStackInstances', set('dev-polo-roles')),
  cannot('an operation of another stack set', 'cloudformation:DescribeStackSetOperation', set('prod-polo-roles'), { 'any stack set': edit.set('ReadStackSetOperations', 'Resource', '*') }),
  cannot('deleting instances', 'cloudformation:DeleteStackInstances', set('dev-polo-roles'), EVERY_ACTION),
  cannot('deleting the stack set', 'cloudformation:DeleteStackSet', set('dev-polo-roles'), EVERY_ACTION),
  cannot('changing the stack set', 'cloudformation:UpdateStackSet', set('dev-polo-roles'), EVERY_ACTION),
  cannot('making a stack set', 'cloudformation:CreateStackSet', '*'),
  cannot('listing accounts', 'organizations:ListAccounts', '*'),
  cannot('making a role', 'iam:CreateRole', `arn:aws:iam::${MANAGEMENT}:role/anything`),
];

/** The functions' side, with the trust of the real role. */
function reaching(id: string, sid: string, which: Which, other: Which): Row[] {
  const principal = hub(`dev-polo-${id}`);
  const [{ PolicyDocument }]: Plain[] = HUB_STACK.role(id).properties.Policies;
  const context = { 'aws:PrincipalArn': principal, 'aws:ResourceOrgID': ORGANIZATION, ...GOOD };
  const policies = { identity: { Rights: deployed(PolicyDocument, HUB) }, trust: trustOf(which) };
  const request = { principal, action: 'sts:AssumeRole', resource: `arn:aws:iam::${MANAGEMENT}:role/${ROLES[which]}`, account: MANAGEMENT, context };
  const open = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${HUB}:root` }, Action: 'sts:AssumeRole' }] };
  const elsewhere = (what: string, resource: string): Row => ({
    name: `${id} reaches ${what}: denied`,
    expected: 'denied',
    policies: { ...policies, trust: open },
    request: { ...request, resource },
    edits: { 'any role': edit.set(sid, 'Resource', '*') },
  });
  return [
    { name: `${id} reaches ${ROLES[which]}: allowed`, expected: 'allowed', policies, request, edits: { 'not granted': edit.drop(sid), 'not trusted': edit.drop('TrustFunctions') } },
    elsewhere(ROLES[other], `arn:aws:iam::${MANAGEMENT}:role/${ROLES[other]}`),
    elsewhere('an administrator of the management account', `arn:aws:iam::${MANAGEMENT}:role/OrganizationAdministrator`),
    elsewhere(`${ROLES[which]} of another environment`, `arn:aws:iam::${MANAGEMENT}:role/${ROLES[which].replace('dev-', 'prod-')}`),
  ];
}

function notReaching(id: string): Row[] {
  const principal = hub(`dev-polo-${id}`);
  const [{ PolicyDocument }]: Plain[] = HUB_STACK.role(id).properties.Policies;
  return Object.values(ROLES).map((name): Row => ({
    name: `${id} reaches ${name}: denied`,
    expected: 'denied',
    policies: { identity: { Rights: deployed(PolicyDocument, HUB) }, trust: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${HUB}:root` }, Action: 'sts:AssumeRole' }] } },
    request: { principal, action: 'sts:AssumeRole', resource: `arn:aws:iam::${MANAGEMENT}:role/${name}`, account: MANAGEMENT, context: { 'aws:ResourceOrgID': ORGANIZATION } },
    edits: grant('sts:AssumeRole'),
  }));
}

const ROWS: Row[] = [
  ...assumptions('reader', ['account-discovery', 'access-verifier']),
  ...assumptions('provisioner', ['role-provisioner']),
  ...READING.map((given) => doing('reader', given)),
  ...PROVISIONING.map((given) => doing('provisioner', given)),
  ...reaching('account-discovery', 'AssumeListingRoles', 'reader', 'provisioner'),
  ...reaching('access-verifier', 'AssumeStackSetReader', 'reader', 'provisioner'),
  ...reaching('role-provisioner', 'AssumeProvisioner', 'provisioner', 'reader'),
  ...['collection-dispatcher', 'config_ec2', 'account_alias'].flatMap(notReaching),
];
for (const row of ROWS) test(row.name, () => judge(row));
