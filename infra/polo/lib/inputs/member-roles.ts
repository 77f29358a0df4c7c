/**
 * The member roles: the one source, infra/roles/member-roles.template.json, filled in.
 * Invariant: nothing about the roles is written here. The source says what they are, the manifests what is read, and the
 * settings give its parameters; StackSet, plain stack and the management account's own roles are the same template.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PoloConfig } from '../settings/polo-config.ts';
import type { CollectorManifest } from './manifest.ts';
import type { Names } from '../names.ts';
import { SettingError } from '../settings/setting-error.ts';
import { type Json, settle } from './template-values.ts';

export const SOURCE = join(import.meta.dirname, '../../../roles/member-roles.template.json');

/** The hole in the source: the one entry of a list, in place of which come the actions. */
const HOLE = '"${CollectorReadActions}"';

/** CloudFormation's limit for a template that is given in a call, as a stack set's in a template is. */
const TEMPLATE_LIMIT_BYTES = 51_200;
/** IAM's quotas, without white space. The first can be raised on request, the second cannot: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const TRUST_POLICY_LIMIT = 2048;
const INLINE_POLICIES_LIMIT = 10_240;
/** The longest that AWS has. */
const WIDEST = { 'AWS::Partition': 'aws-us-gov', 'AWS::AccountId': '000000000000' } as const;

/** The source with every action that a manifest declares, each once and sorted. */
export function memberRolesTemplate(manifests: readonly CollectorManifest[], source: string = readFileSync(SOURCE, 'utf8')): Json {
  const actions = [...new Set(manifests.flatMap(({ read_actions }) => read_actions))].sort();
  const parts = source.split(HOLE);
  if (parts.length !== 2) throw new Error(`${SOURCE} has ${parts.length - 1} times ${HOLE}, which stands for what collectors read: it has to be there once`);
  return JSON.parse(parts.join(actions.map((action) => JSON.stringify(action)).join(', ')));
}

/** The roles of the functions that may assume the read role, in the hub account. */
export function readRoleTrustedNames(names: Names, manifests: readonly CollectorManifest[]): string[] {
  return ['account-discovery', 'access-verifier', ...manifests.map(({ id }) => id)].map((id) => names.functionAndRole(id));
}

/** The parameters as the settings give them; what no setting gives is absent, and stays for whoever deploys. */
export function memberRolesParameters(config: PoloConfig, names: Names, manifests: readonly CollectorManifest[]): Record<string, string> {
  const { roles } = config;
  const given: Record<string, string | undefined> = {
    ReadRoleName: config.roleNames.read,
    RolePath: config.roleNames.path,
    HubAccountId: roles.hubAccountId,
    ReadRoleTrustedNames: readRoleTrustedNames(names, manifests).join(','),
    ExternalId: config.externalId,
    OrganizationId: config.hubOrganizationId,
    EnableActionRole: String(roles.actionRole),
    ActionRoleName: config.roleNames.action,
    ActionRoleTrustedNames: names.functionAndRole('access-verifier'),
    DeletableBucketArns: roles.deletableBucketArns.join(','),
    ExtraPrincipalArns: roles.extraPrincipalArns.join(','),
    OidcProvider: roles.oidc?.provider,
    OidcAudience: roles.oidc?.audience,
    OidcSubject: roles.oidc?.subject,
  };
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''));
}

/** The template for a plain stack: the parameters that settings give are its defaults. */
export function withDefaults(template: Json, parameters: Readonly<Record<string, string>>): Json {
  const described = Object.entries<Json>(template.Parameters).map(([name, parameter]) => {
    const value = parameters[name];
    return [name, value === undefined ? parameter : { ...parameter, Default: value }];
  });
  return { ...template, Parameters: Object.fromEntries(described) };
}

/** Fails where AWS would refuse the template in the middle of a rollout. */
export function rejectRefusedByAws(template: Json, parameters: Readonly<Record<string, string>>): void {
  const bytes = Buffer.byteLength(templateBody(template));
  if (bytes > TEMPLATE_LIMIT_BYTES) throw new SettingError(`the template of the member roles has ${bytes} bytes and CloudFormation takes ${TEMPLATE_LIMIT_BYTES}: let collectors declare fewer actions`);
  for (const [name, text] of Object.entries(parameters)) rejectParameter(name, template.Parameters[name], text);
  const { resources } = settle(template, parameters, WIDEST, (logicalId) => logicalId);
  for (const { Type, Properties } of Object.values(resources)) {
    if (Type !== 'AWS::IAM::Role') continue;
    const trust = JSON.stringify(trustPolicy(Properties)).length;
    if (trust > TRUST_POLICY_LIMIT) {
      throw new SettingError(
        `the trust policy of ${Properties.RoleName} would have ${trust} characters and IAM allows ${TRUST_POLICY_LIMIT}: shorten env, externalId, extraPrincipalArns or the collectors' ids`,
      );
    }
    const own: string[] = Properties.Policies.map(({ PolicyDocument }: Json) => JSON.stringify(PolicyDocument));
    const attached = Object.values(resources).filter(({ Type: type, Properties: { Roles } }) => type === 'AWS::IAM::Policy' && Roles.some((role: string) => resources[role]?.Properties === Properties));
    const policies = [...own, ...attached.map((policy) => JSON.stringify(policy.Properties.PolicyDocument))].join('').length;
    if (policies > INLINE_POLICIES_LIMIT) {
      throw new SettingError(`the policies of ${Properties.RoleName} would have ${policies} characters and IAM allows ${INLINE_POLICIES_LIMIT}: shorten deletableBucketArns, or let collectors declare fewer actions`);
    }
  }
}

/** Without white space: what a stack set is given. */
export function templateBody(template: Json): string {
  return JSON.stringify(template);
}

/** With others trusted than the functions it is JSON as text, because CloudFormation cannot compute the name of a condition. */
export function trustPolicy({ AssumeRolePolicyDocument: document }: Json): Json {
  return typeof document === 'string' ? JSON.parse(document) : document;
}

function rejectParameter(name: string, parameter: Json, text: string): void {
  const values: string[] = parameter.Type === 'CommaDelimitedList' ? text.split(',') : [text];
  const pattern = parameter.AllowedPattern === undefined ? undefined : new RegExp(`^(?:${parameter.AllowedPattern})$`);
  const fits = (value: string): boolean =>
    (pattern?.test(value) ?? true) &&
    (parameter.AllowedValues?.includes(value) ?? true) &&
    value.length >= (parameter.MinLength ?? 0) &&
    value.length <= (parameter.MaxLength ?? Infinity);
  const wrong = values.find((value) => !fits(value));
  if (wrong !== undefined) throw SettingError.wrong(`the parameter ${name} of the member roles`, wrong, `it ${parameter.ConstraintDescription}`);
}
