/**
 * Member roles under a path, decided by an IAM simulator: the hub may assume these and no others, and they know themselves.
 * Every row is also judged with the policy weakened, and has to fail then.
 */
import { test } from 'node:test';
import { EXTERNAL_ID, HUB, MEMBER, ORGANIZATION, REQUIRED, roleOf, settled } from './support/member-roles.ts';
import { type Row, edit, judge } from './support/simulation.ts';
import { type Plain, synthesize } from './support/stack.ts';

const PATH = '/platform/finops/';
const HUB_STACK = synthesize({ rolePath: PATH, actionRole: 'on', hubOrganizationId: ORGANIZATION });
const MEMBER_ROLES = settled({
  ...REQUIRED,
  RolePath: PATH,
  OrganizationId: ORGANIZATION,
  ReadRoleTrustedNames: 'dev-polo-account-discovery,dev-polo-access-verifier,dev-polo-config_ec2',
  EnableActionRole: 'true',
  ActionRoleName: 'dev-polo-action-role',
  ActionRoleTrustedNames: 'dev-polo-access-verifier',
});
const READ_ROLE = 'dev-PoloReadRole';
const ACTION_ROLE = 'dev-polo-action-role';

const role = (path: string, name: string): string => `arn:aws:iam::${MEMBER}:role${path}${name}`;
const rightsOf = (id: string): Plain => {
  const [{ PolicyDocument }]: Plain[] = HUB_STACK.role(id).properties.Policies;
  return JSON.parse(JSON.stringify(PolicyDocument).replaceAll('${AWS::Partition}', 'aws').replaceAll('${AWS::Region}', 'eu-west-1').replaceAll('${AWS::AccountId}', HUB));
};

function assuming(id: string, sid: string, logicalId: string, name: string): Row[] {
  const principal = `arn:aws:iam::${HUB}:role/dev-polo-${id}`;
  const context = { 'aws:PrincipalArn': principal, 'aws:ResourceOrgID': ORGANIZATION, 'aws:PrincipalOrgID': ORGANIZATION, 'sts:ExternalId': EXTERNAL_ID };
  const policies = { identity: { Rights: rightsOf(id) }, trust: roleOf(MEMBER_ROLES, logicalId).trust };
  const row = (path: string, expected: Row['expected'], edits: Row['edits']): Row => ({
    name: `${id}: ${path}${name}: ${expected}`,
    expected,
    policies,
    edits,
    request: { principal, action: 'sts:AssumeRole', resource: role(path, name), account: MEMBER, context },
  });
  const anyPath = { 'any path': edit.set(sid, 'Resource', `arn:aws:iam::*:role/*${name}`) };
  return [
    row(PATH, 'allowed', { 'the bare name': edit.set(sid, 'Resource', `arn:aws:iam::*:role/${name}`), 'not trusted': edit.drop('TrustFunctions') }),
    row('/', 'denied', anyPath),
    row('/platform/', 'denied', anyPath),
    row('/other/', 'denied', anyPath),
    row('/platform/finops/more/', 'denied', anyPath),
  ];
}

/** What the read role may ask about itself, to tell its version. */
function knowing(path: string, expected: Row['expected'], edits: Row['edits']): Row {
  const principal = role(PATH, READ_ROLE);
  return {
    name: `${READ_ROLE} reads the version of ${path}${READ_ROLE}: ${expected}`,
    expected,
    policies: { identity: { ...roleOf(MEMBER_ROLES, 'ReadRole').rights } },
    edits,
    request: { principal, action: 'iam:GetRole', resource: role(path, READ_ROLE), account: MEMBER },
  };
}

const ROWS: Row[] = [
  ...['account-discovery', 'access-verifier', 'config_ec2'].flatMap((id) => assuming(id, 'AssumeReadRoles', 'ReadRole', READ_ROLE)),
  ...assuming('access-verifier', 'AssumeActionRoles', 'ActionRole', ACTION_ROLE),
  knowing(PATH, 'allowed', { 'the bare name': edit.set('ReadOwnVersion', 'Resource', role('/', READ_ROLE)) }),
  knowing('/', 'denied', { 'any role': edit.set('ReadOwnVersion', 'Resource', '*') }),
];
for (const row of ROWS) test(row.name, () => judge(row));
