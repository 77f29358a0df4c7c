/**
 * Who may assume the member roles, decided by an IAM simulator. Every row is also judged with the trust weakened, and has
 * to fail then. The caller's own side is left open here (an administrator's): simulation-hub.test.ts has it.
 */
import { test } from 'node:test';
import { readRoleTrustedNames } from '../lib/inputs/member-roles.ts';
import { namesFor } from '../lib/names.ts';
import { ELSEWHERE, EXTERNAL_ID, HUB, MANIFESTS, MEMBER, ORGANIZATION, REQUIRED, roleOf, settled } from './support/member-roles.ts';
import { type Edit, type Policies, type Row, type Verdict, edit, judge } from './support/simulation.ts';
import type { Plain } from './support/stack.ts';

const TRUSTED = readRoleTrustedNames(namesFor('dev'), MANIFESTS);
/** The context keys are named after the provider. The simulator knows those of this one, and the template takes any. */
const PROVIDER = 'accounts.google.com';
const OTHER_PROVIDER = 'cognito-identity.amazonaws.com';
const SUBJECT = 'system:serviceaccount:port-ocean:port-ocean-aws-v3';
const PORT_USER = 'arn:aws:iam::333333333333:user/port-ocean';
const PORT_ROLE = 'arn:aws:iam::333333333333:role/port/ocean';

const PARAMETERS = {
  ...REQUIRED,
  ReadRoleTrustedNames: TRUSTED.join(','),
  EnableActionRole: 'true',
  ActionRoleName: 'dev-polo-action-role',
  ActionRoleTrustedNames: 'dev-polo-access-verifier',
};
const WITH_ORGANIZATION = settled({ ...PARAMETERS, OrganizationId: ORGANIZATION });
const WITHOUT_ORGANIZATION = settled(PARAMETERS);
const WITH_OTHERS = settled({ ...PARAMETERS, OrganizationId: ORGANIZATION, ExtraPrincipalArns: `${PORT_USER},${PORT_ROLE}`, OidcProvider: PROVIDER, OidcSubject: SUBJECT });

const OPEN = { Administrator: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] } };
const ROLES = { ReadRole: 'dev-PoloReadRole', ActionRole: 'dev-polo-action-role' } as const;

interface Given {
  readonly what: string;
  readonly principal: string;
  readonly context?: Record<string, string>;
  readonly expected: Verdict;
  readonly edits: Record<string, Edit>;
  readonly deployed?: typeof WITH_ORGANIZATION;
}

const GOOD = { 'sts:ExternalId': EXTERNAL_ID, 'aws:PrincipalOrgID': ORGANIZATION };
const { 'sts:ExternalId': _id, ...NO_EXTERNAL_ID } = GOOD;
const { 'aws:PrincipalOrgID': _org, ...NO_ORGANIZATION } = GOOD;
const hub = (role: string): string => `arn:aws:iam::${HUB}:role/${role}`;

const ANY_PRINCIPAL = { 'any role of the hub account': edit.dropCondition('TrustFunctions', 'ArnLike', 'aws:PrincipalArn') };
const ANY_ACCOUNT = { 'any account': edit.set('TrustFunctions', 'Principal', { AWS: '*' }) };
const ANY_EXTERNAL_ID = { 'any external id': edit.dropCondition('TrustFunctions', 'StringEquals', 'sts:ExternalId') };
const ANY_ORGANIZATION = { 'any organization': edit.dropCondition('TrustFunctions', 'StringEquals', 'aws:PrincipalOrgID') };
const trustedBy = (name: string): Record<string, Edit> => ({
  'not trusted': edit.drop('TrustFunctions'),
  'not named': edit.set('TrustFunctions', 'Condition', { ArnLike: { 'aws:PrincipalArn': [`arn:*:iam::*:role/not-${name}`] } }),
});

function assume(logicalId: keyof typeof ROLES, { what, principal, context = GOOD, expected, edits, deployed = WITH_ORGANIZATION }: Given): Row {
  const policies: Policies = { identity: OPEN, trust: roleOf(deployed, logicalId).trust };
  const request = { principal, action: 'sts:AssumeRole', resource: `arn:aws:iam::${MEMBER}:role/${ROLES[logicalId]}`, account: MEMBER, context: { 'aws:PrincipalArn': principal, ...context } };
  return { name: `${logicalId}: ${what}: ${expected}`, expected, policies, edits, request };
}

/** What holds of both roles, with one function that each of them trusts. */
function common(trusted: string): Given[] {
  const principal = hub(trusted);
  return [
    { what: `${trusted} in another account`, principal: `arn:aws:iam::${ELSEWHERE}:role/${trusted}`, expected: 'denied', edits: ANY_ACCOUNT },
    { what: `${trusted} under a path`, principal: hub(`team/${trusted}`), expected: 'denied', edits: ANY_PRINCIPAL },
    { what: `a role whose name begins with ${trusted}`, principal: hub(`${trusted}-2`), expected: 'denied', edits: ANY_PRINCIPAL },
    { what: "another environment's function", principal: hub(trusted.replace('dev-', 'prod-')), expected: 'denied', edits: ANY_PRINCIPAL },
    { what: 'the dispatcher', principal: hub('dev-polo-collection-dispatcher'), expected: 'denied', edits: ANY_PRINCIPAL },
    { what: "an administrator's role in the hub account", principal: hub('aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123'), expected: 'denied', edits: ANY_PRINCIPAL },
    { what: 'an IAM user in the hub account', principal: `arn:aws:iam::${HUB}:user/${trusted}`, expected: 'denied', edits: ANY_PRINCIPAL },
    { what: 'a wrong external id', principal, context: { ...GOOD, 'sts:ExternalId': `${EXTERNAL_ID}x` }, expected: 'denied', edits: ANY_EXTERNAL_ID },
    { what: 'an external id in other letters', principal, context: { ...GOOD, 'sts:ExternalId': EXTERNAL_ID.toUpperCase() }, expected: 'denied', edits: ANY_EXTERNAL_ID },
    { what: 'no external id', principal, context: NO_EXTERNAL_ID, expected: 'denied', edits: ANY_EXTERNAL_ID },
    { what: 'a hub account in another organization', principal, context: { ...GOOD, 'aws:PrincipalOrgID': 'o-zzzzzzzzzz' }, expected: 'denied', edits: ANY_ORGANIZATION },
    { what: 'a hub account in no organization', principal, context: NO_ORGANIZATION, expected: 'denied', edits: ANY_ORGANIZATION },
    { what: 'a hub account in no organization, where none is asked for', principal, context: NO_ORGANIZATION, deployed: WITHOUT_ORGANIZATION, expected: 'allowed', edits: trustedBy(trusted) },
    { what: 'no external id, where no organization is asked for', principal, context: {}, deployed: WITHOUT_ORGANIZATION, expected: 'denied', edits: ANY_EXTERNAL_ID },
  ];
}

const READ: Given[] = [
  ...TRUSTED.flatMap((name): Given[] => [
    {
      what: name,
      principal: hub(name),
      expected: 'allowed',
      edits: { ...trustedBy(name), 'taken off the list': edit.dropValue('TrustFunctions', 'ArnLike', 'aws:PrincipalArn', `arn:*:iam::*:role/${name}`) },
    },
    { what: `${name}, as a session of its role`, principal: `arn:aws:sts::${HUB}:assumed-role/${name}/polo-run`, context: { ...GOOD, 'aws:PrincipalArn': hub(name) }, expected: 'allowed', edits: trustedBy(name) },
  ]),
  ...common('dev-polo-config_ec2'),
];

const namedOthers = (principal: string): Record<string, Edit> => ({ 'not trusted': edit.drop('TrustOthers'), 'another is': edit.set('TrustOthers', 'Principal', { AWS: [`${principal}-2`] }) });
const OTHERS: Given[] = [
  { what: 'an IAM user that was added', principal: PORT_USER, context: NO_ORGANIZATION, expected: 'allowed', edits: namedOthers(PORT_USER) },
  { what: 'a role that was added', principal: PORT_ROLE, context: NO_ORGANIZATION, expected: 'allowed', edits: namedOthers(PORT_ROLE) },
  {
    what: 'another user of that account',
    principal: `${PORT_USER}-2`,
    context: NO_ORGANIZATION,
    expected: 'denied',
    edits: { 'the whole account': edit.set('TrustOthers', 'Principal', { AWS: 'arn:aws:iam::333333333333:root' }) },
  },
  {
    what: 'an IAM user that was added, with a wrong external id',
    principal: PORT_USER,
    context: { 'sts:ExternalId': 'guessed' },
    expected: 'denied',
    edits: { 'any external id': edit.dropConditions('TrustOthers') },
  },
  { what: 'a function, where others are trusted too', principal: hub('dev-polo-config_ec2'), expected: 'allowed', edits: { 'not trusted': edit.drop('TrustFunctions') } },
  { what: 'a wrong external id, where others are trusted too', principal: hub('dev-polo-config_ec2'), context: NO_EXTERNAL_ID, expected: 'denied', edits: ANY_EXTERNAL_ID },
  { what: 'another organization, where others are trusted too', principal: hub('dev-polo-config_ec2'), context: NO_ORGANIZATION, expected: 'denied', edits: ANY_ORGANIZATION },
].map((given) => ({ ...given, deployed: WITH_OTHERS }) as Given);

const trustAlso = (principal: string): Record<string, Edit> => ({
  'trusted by mistake': ({ trust }) => {
    trust.Statement.push({ Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole' });
  },
});
const ACT: Given[] = [
  { what: 'access-verifier', principal: hub('dev-polo-access-verifier'), expected: 'allowed', edits: trustedBy('dev-polo-access-verifier') },
  ...TRUSTED.filter((name) => name !== 'dev-polo-access-verifier').map((name): Given => ({ what: name, principal: hub(name), expected: 'denied', edits: ANY_PRINCIPAL })),
  ...common('dev-polo-access-verifier'),
  { what: 'an IAM user that was added to read', principal: PORT_USER, deployed: WITH_OTHERS, expected: 'denied', edits: trustAlso(PORT_USER) },
  {
    what: 'access-verifier, where nobody was named',
    principal: hub('dev-polo-access-verifier'),
    deployed: settled({ ...PARAMETERS, ActionRoleTrustedNames: '', OrganizationId: ORGANIZATION }),
    expected: 'denied',
    edits: ANY_PRINCIPAL,
  },
];

function token(what: string, expected: Verdict, edits: Record<string, Edit>, { provider = PROVIDER, aud = 'sts.amazonaws.com', sub = SUBJECT, account = MEMBER, deployed = WITH_OTHERS } = {}): Row {
  const policies: Policies = { identity: {}, trust: roleOf(deployed, 'ReadRole').trust };
  const principal = `arn:aws:iam::${account}:oidc-provider/${provider}`;
  const context = { [`${provider}:aud`]: aud, [`${provider}:sub`]: sub };
  const request = { principal, action: 'sts:AssumeRoleWithWebIdentity', resource: `arn:aws:iam::${MEMBER}:role/dev-PoloReadRole`, account: MEMBER, context };
  return { name: `ReadRole: a token ${what}: ${expected}`, expected, policies, edits, request };
}

const anyToken = (claim: string): Record<string, Edit> => ({ [`any ${claim}`]: edit.dropCondition('TrustTokens', 'StringEquals', `${PROVIDER}:${claim}`) });
const TOKENS: Row[] = [
  token('of the provider, for the right audience and subject', 'allowed', { 'not trusted': edit.drop('TrustTokens') }),
  token('for another subject', 'denied', anyToken('sub'), { sub: 'system:serviceaccount:default:default' }),
  token('for a subject that begins alike', 'denied', anyToken('sub'), { sub: `${SUBJECT}-2` }),
  token('for another audience', 'denied', anyToken('aud'), { aud: 'sigstore' }),
  token('of another provider', 'denied', {
    'that one is trusted': (policies: Policies): void => {
      edit.set('TrustTokens', 'Principal', { Federated: `arn:aws:iam::${MEMBER}:oidc-provider/${OTHER_PROVIDER}` })(policies);
      edit.dropConditions('TrustTokens')(policies);
    },
  }, { provider: OTHER_PROVIDER }),
  token('where no subject was named', 'denied', anyToken('sub'), { deployed: settled({ ...PARAMETERS, OidcProvider: PROVIDER }) }),
  token('where no provider was named', 'denied', {
    'trusted by mistake': ({ trust }: Policies): void => {
      trust.Statement.push({ Effect: 'Allow', Principal: { Federated: `arn:aws:iam::${MEMBER}:oidc-provider/${PROVIDER}` }, Action: 'sts:AssumeRoleWithWebIdentity' } as Plain);
    },
  }, { deployed: WITH_ORGANIZATION }),
];

const ROWS: Row[] = [...[...READ, ...OTHERS].map((given) => assume('ReadRole', given)), ...ACT.map((given) => assume('ActionRole', given)), ...TOKENS];
for (const row of ROWS) test(row.name, () => judge(row));
