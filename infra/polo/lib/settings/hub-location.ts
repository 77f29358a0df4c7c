/**
 * Where Polo's functions run, seen from AWS Organizations, and what follows from it: as whom they list accounts and read
 * or serve the stack set.
 * Invariant: a plain member account may do neither itself; it gets two roles in the management account, and no right
 * besides to assume them.
 */
import { Aws } from 'aws-cdk-lib';
import type { PoloConfig } from './polo-config.ts';
import { namesFor } from '../names.ts';
import type { OrganizationSetting } from './organization-settings.ts';
import { SettingError } from './setting-error.ts';

type Located = Pick<PoloConfig, 'env' | 'roles' | 'forwarding'>;

/** The role through which a plain member account lists the organization and reads the stack set. */
export function organizationReaderArn(config: Located): string | undefined {
  return roleInManagementAccount(config, namesFor(config.env).organizationReader);
}

/** The role through which a plain member account makes instances of the stack set. */
export function provisionerArn(config: Located): string | undefined {
  return config.roles.provisioning ? roleInManagementAccount(config, namesFor(config.env).provisioner) : undefined;
}

function roleInManagementAccount({ roles, forwarding: { managementAccountId } }: Located, name: string): string | undefined {
  if (roles.hubLocation !== 'member-account') return undefined;
  return `arn:${Aws.PARTITION}:iam::${managementAccountId}:role/${name}`;
}

/** Whether an organization is among those to list that nobody gave a role for: the hub's own. */
export function listsOwnOrganization({ mode, organizations }: Pick<PoloConfig, 'mode' | 'organizations'>): boolean {
  return mode === 'organization' && (organizations?.some(({ role_arn }) => role_arn === undefined) ?? true);
}

/** The organizations as the functions get them: a plain member account lists its own through the role. */
export function listedOrganizations(config: PoloConfig): readonly OrganizationSetting[] | undefined {
  const reader = organizationReaderArn(config);
  if (reader === undefined) return config.organizations;
  return config.organizations?.map((organization) => ({ ...organization, role_arn: organization.role_arn ?? reader }));
}

/** Fails where the accounts that settings name cannot be where the settings say. */
export function rejectContradictingLocation(config: PoloConfig): void {
  const { mode, organizations, externalId, stackSetName } = config;
  const { hubLocation, hubAccountId, rolloutOus, stacks } = config.roles;
  const { managementAccountId } = config.forwarding;
  if (hubLocation !== 'management-account' && managementAccountId === undefined && stacks.includes('forwarder')) {
    throw new SettingError(`hubLocation is "${hubLocation}", stacks has "forwarder" and managementAccountId is missing: set "managementAccountId" to the account from which the hub's bus takes events`);
  }
  if (hubLocation === 'member-account' && managementAccountId === undefined) {
    throw new SettingError('hubLocation is "member-account" and managementAccountId is missing: set "managementAccountId" to the account that holds the roles through which Polo lists the organization');
  }
  const same = hubAccountId === managementAccountId;
  if (hubAccountId !== undefined && managementAccountId !== undefined) {
    if (hubLocation === 'management-account' && !same) {
      throw new SettingError(
        `hubLocation is "management-account", hubAccountId is "${hubAccountId}" and managementAccountId is "${managementAccountId}": set hubLocation to delegated-administrator or member-account, or name one account`,
      );
    }
    if (hubLocation !== 'management-account' && same) {
      throw new SettingError(`hubLocation is "${hubLocation}", and hubAccountId and managementAccountId are both "${hubAccountId}": set hubLocation to management-account, or correct one of the ids`);
    }
  }
  if (hubLocation !== 'member-account') return;
  rejectOtherExternalIds(managementAccountId, organizations ?? [], externalId);
  if (rolloutOus.length === 0 && (listsOwnOrganization({ mode, organizations }) || stackSetName !== undefined)) {
    throw new SettingError('hubLocation is "member-account" and rolloutOus is missing: list the OUs that get the roles, because the same stack makes the role through which Polo lists the organization; or give that role as role_arn of organizations, or set mode to explicit');
  }
}

/** The functions send an organization's own external id to every role in the account through which they list it. */
function rejectOtherExternalIds(managementAccountId: string | undefined, organizations: readonly OrganizationSetting[], externalId: string | undefined): void {
  const meets = (role: string | undefined): boolean => role === undefined || organizations.length === 1 || role.includes(`:${managementAccountId}:`);
  for (const [index, { role_arn, external_id }] of organizations.entries()) {
    if (external_id !== undefined && external_id !== externalId && meets(role_arn)) {
      throw SettingError.wrong(`organizations[${index}].external_id`, external_id, 'the roles in the management account ask for externalId; leave external_id out, or make both the same');
    }
  }
}
