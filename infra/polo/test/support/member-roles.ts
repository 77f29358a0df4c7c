/**
 * The member roles as AWS would have them after a deployment: the template with its intrinsics worked out.
 * Invariant: the template is the repository's own, filled from its own manifests.
 */
import { join } from 'node:path';
import { type CollectorManifest, loadManifests } from '../../lib/inputs/manifest.ts';
import { memberRolesTemplate, trustPolicy } from '../../lib/inputs/member-roles.ts';
import { type SettledTemplate, settle } from '../../lib/inputs/template-values.ts';
import type { Plain } from './stack.ts';

export const MANIFESTS: readonly CollectorManifest[] = loadManifests(join(import.meta.dirname, '../../../../crates/collectors'));
export const DECLARED = [...new Set(MANIFESTS.flatMap(({ read_actions }) => read_actions))].sort();

export const HUB = '111111111111';
export const MEMBER = '222222222222';
export const ELSEWHERE = '999999999999';
export const ORGANIZATION = 'o-a1b2c3d4e5';
export const EXTERNAL_ID = 'polo-4f1c2a';

/** What has no default, as in every deployment. */
export const REQUIRED = { ReadRoleName: 'dev-PoloReadRole', HubAccountId: HUB, ReadRoleTrustedNames: 'dev-polo-access-verifier,dev-polo-config_ec2', ExternalId: EXTERNAL_ID };

export function settled(parameters: Record<string, string> = REQUIRED, template: Plain = memberRolesTemplate(MANIFESTS)): SettledTemplate {
  const pseudo = { 'AWS::Partition': 'aws', 'AWS::AccountId': MEMBER };
  return settle(template, parameters, pseudo, (logicalId, attribute) => (attribute === undefined ? logicalId : `${logicalId}.${attribute}`));
}

/** A role's trust policy and its rights, by policy name, those attached by other resources included. */
export function roleOf(template: SettledTemplate, logicalId: string): { trust: Plain; rights: Record<string, Plain> } {
  const properties = template.resources[logicalId]?.Properties ?? {};
  const attached = Object.values(template.resources).filter(({ Type, Properties }) => Type === 'AWS::IAM::Policy' && Properties.Roles.includes(logicalId));
  const policies: Plain[] = [...(properties.Policies ?? []), ...attached.map(({ Properties }) => Properties)];
  return { trust: trustPolicy(properties), rights: Object.fromEntries(policies.map(({ PolicyName, PolicyDocument }) => [PolicyName, PolicyDocument])) };
}
